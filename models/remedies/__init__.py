"""The registry of remedies. Adding one: a new file, one line here."""

from models.remedies.added_source import AddedSource
from models.remedies.adversarial import AdversarialDebiasing
from models.remedies.asymmetric import AsymmetricLoss
from models.remedies.base import Remedy
from models.remedies.beta import Beta
from models.remedies.bias_correction import BiasCorrection
from models.remedies.class_balanced import ClassBalancedLoss
from models.remedies.correctness_aware import CorrectnessAware
from models.remedies.cvar_dro import CVaRDRO
from models.remedies.decorrelation import Decorrelation
from models.remedies.dynamic_weights import DynamicWeights
from models.remedies.emphasis import Emphasis
from models.remedies.encouraging import EncouragingLoss
from models.remedies.exponentiated_gradient import ExponentiatedGradient
from models.remedies.fine_tune import FineTune
from models.remedies.focal import FocalLoss
from models.remedies.gap_penalty import GapPenalty
from models.remedies.grid_search import GridSearch
from models.remedies.group_dro import GroupDRO
from models.remedies.histogram_binning import HistogramBinning
from models.remedies.importance_weights import ImportanceWeights
from models.remedies.inverse_frequency import InverseFrequency
from models.remedies.isotonic import Isotonic
from models.remedies.label_margins import LabelMargins
from models.remedies.label_robust import LabelRobustLoss
from models.remedies.last_layer import LastLayer
from models.remedies.leave_out import LeaveOut
from models.remedies.logit_adjustment import LogitAdjustment
from models.remedies.masked_feature import MaskedFeature
from models.remedies.mixup import Mixup
from models.remedies.moment_matching import MomentMatching
from models.remedies.noisy_labels import NoisyLabels
from models.remedies.platt import Platt
from models.remedies.prior_correction import PriorCorrection
from models.remedies.reweighing import Reweighing
from models.remedies.road import RobustAdversarial
from models.remedies.selective_mixup import SelectiveMixup
from models.remedies.sharpness_aware import SharpnessAware
from models.remedies.smote import Smote
from models.remedies.squentropy import Squentropy
from models.remedies.suspicious_rows import SuspiciousRows
from models.remedies.target_correlation import TargetCorrelation
from models.remedies.target_mix import TargetMix
from models.remedies.temperature import Temperature
from models.remedies.temperature_sampling import TemperatureSampling
from models.remedies.train_twice import TrainTwice
from models.remedies.undersampling import Undersampling
from models.remedies.vector_scaling import VectorScaling
from models.remedies.venn_abers import VennAbers

REMEDIES: dict[str, type[Remedy]] = {
    "reweighing": Reweighing,
    "inverse_frequency": InverseFrequency,
    "emphasis": Emphasis,
    "importance_weights": ImportanceWeights,
    "target_mix": TargetMix,
    "moment_matching": MomentMatching,
    "target_correlation": TargetCorrelation,
    "undersampling": Undersampling,
    "smote": Smote,
    "temperature_sampling": TemperatureSampling,
    "dynamic_weights": DynamicWeights,
    "suspicious_rows": SuspiciousRows,
    "masked_feature": MaskedFeature,
    "decorrelation": Decorrelation,
    "added_source": AddedSource,
    "leave_out": LeaveOut,
    "fine_tune": FineTune,
    "focal": FocalLoss,
    "squentropy": Squentropy,
    "asymmetric": AsymmetricLoss,
    "label_robust": LabelRobustLoss,
    "class_balanced": ClassBalancedLoss,
    "logit_adjustment": LogitAdjustment,
    "label_margins": LabelMargins,
    "encouraging": EncouragingLoss,
    "group_dro": GroupDRO,
    "cvar_dro": CVaRDRO,
    "train_twice": TrainTwice,
    "mixup": Mixup,
    "selective_mixup": SelectiveMixup,
    "sharpness_aware": SharpnessAware,
    "noisy_labels": NoisyLabels,
    "last_layer": LastLayer,
    "exponentiated_gradient": ExponentiatedGradient,
    "grid_search": GridSearch,
    "adversarial": AdversarialDebiasing,
    "road": RobustAdversarial,
    "gap_penalty": GapPenalty,
    "temperature": Temperature,
    "vector_scaling": VectorScaling,
    "platt": Platt,
    "beta": Beta,
    "isotonic": Isotonic,
    "histogram_binning": HistogramBinning,
    "venn_abers": VennAbers,
    "correctness_aware": CorrectnessAware,
    "bias_correction": BiasCorrection,
    "prior_correction": PriorCorrection,
}
