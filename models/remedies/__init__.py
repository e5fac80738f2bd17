"""The registry of remedies. Adding one: a new file, one line here."""

from models.remedies.abstain import Abstain
from models.remedies.added_source import AddedSource
from models.remedies.adversarial import AdversarialDebiasing
from models.remedies.asymmetric import AsymmetricLoss
from models.remedies.average_of_runs import AverageOfRuns
from models.remedies.balanced_head import BalancedHead
from models.remedies.base import Remedy
from models.remedies.beta import Beta
from models.remedies.bias_correction import BiasCorrection
from models.remedies.class_balanced import ClassBalancedLoss
from models.remedies.correctness_aware import CorrectnessAware
from models.remedies.cost_thresholds import CostThresholds
from models.remedies.cvar_dro import CVaRDRO
from models.remedies.decorrelation import Decorrelation
from models.remedies.demographic_parity import DemographicParity
from models.remedies.dynamic_weights import DynamicWeights
from models.remedies.emphasis import Emphasis
from models.remedies.encouraging import EncouragingLoss
from models.remedies.equal_false_positive_rate import EqualFalsePositiveRate
from models.remedies.equal_opportunity import EqualOpportunity
from models.remedies.equalized_odds import EqualizedOdds
from models.remedies.exponentiated_gradient import ExponentiatedGradient
from models.remedies.fine_tune import FineTune
from models.remedies.flipped_average import FlippedAverage
from models.remedies.focal import FocalLoss
from models.remedies.gap_penalty import GapPenalty
from models.remedies.grid_search import GridSearch
from models.remedies.group_dro import GroupDRO
from models.remedies.histogram_binning import HistogramBinning
from models.remedies.importance_weights import ImportanceWeights
from models.remedies.inferred_groups import InferredGroups
from models.remedies.interpolation import Interpolation
from models.remedies.inverse_frequency import InverseFrequency
from models.remedies.isotonic import Isotonic
from models.remedies.label_margins import LabelMargins
from models.remedies.label_robust import LabelRobustLoss
from models.remedies.last_layer import LastLayer
from models.remedies.leave_out import LeaveOut
from models.remedies.levelling_up import LevellingUp
from models.remedies.logit_adjustment import LogitAdjustment
from models.remedies.logit_factors import LogitFactors
from models.remedies.masked_feature import MaskedFeature
from models.remedies.mixup import Mixup
from models.remedies.moment_matching import MomentMatching
from models.remedies.noisy_labels import NoisyLabels
from models.remedies.platt import Platt
from models.remedies.prior_correction import PriorCorrection
from models.remedies.reject_option import RejectOption
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
from models.remedies.virtual_features import VirtualFeatures
from models.remedies.weight_aligning import WeightAligning

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
    "logit_factors": LogitFactors,
    "flipped_average": FlippedAverage,
    "weight_aligning": WeightAligning,
    "virtual_features": VirtualFeatures,
    "balanced_head": BalancedHead,
    "interpolation": Interpolation,
    "average_of_runs": AverageOfRuns,
    "abstain": Abstain,
    "equalized_odds": EqualizedOdds,
    "equal_opportunity": EqualOpportunity,
    "equal_false_positive_rate": EqualFalsePositiveRate,
    "demographic_parity": DemographicParity,
    "levelling_up": LevellingUp,
    "cost_thresholds": CostThresholds,
    "reject_option": RejectOption,
    "inferred_groups": InferredGroups,
}
