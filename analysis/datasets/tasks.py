"""The embedded tasks, each declared as a value."""

from dataclasses import replace

from analysis.datasets.task import Comparison, ExistingScore, Task
from analysis.errors import SettingError

_REGIONS = {
    "United States": ("United-States",),
    "Latin America and the Caribbean": (
        "Columbia",
        "Cuba",
        "Dominican-Republic",
        "Ecuador",
        "El-Salvador",
        "Guatemala",
        "Haiti",
        "Honduras",
        "Jamaica",
        "Mexico",
        "Nicaragua",
        "Outlying-US(Guam-USVI-etc)",
        "Peru",
        "Puerto-Rico",
        "Trinadad&Tobago",
    ),
    "Asia": (
        "Cambodia",
        "China",
        "Hong",
        "India",
        "Iran",
        "Japan",
        "Laos",
        "Philippines",
        "Taiwan",
        "Thailand",
        "Vietnam",
    ),
    "Europe and Canada": (
        "Canada",
        "England",
        "France",
        "Germany",
        "Greece",
        "Holand-Netherlands",
        "Hungary",
        "Ireland",
        "Italy",
        "Poland",
        "Portugal",
        "Scotland",
        "Yugoslavia",
    ),
}
"""Countries as the table spells them; 'South' may be Korea or Africa: not said."""

ADULT = Task(
    name="adult",
    title="Adult census income",
    table="adult",
    label="income",
    classes=("<=50K", ">50K"),
    features=(
        "age",
        "workclass",
        "education",
        "marital_status",
        "occupation",
        "relationship",
        "race",
        "sex",
        "capital_gain",
        "capital_loss",
        "hours_per_week",
        "native_country",
    ),
    sensitive=("sex", "race", "age"),
    cut_points={"age": (25, 40, 60)},
    comparisons={
        "region of origin": Comparison(
            "native_country",
            _REGIONS,
            "United States",
            "Latin America and the Caribbean",
        )
    },
    official_split="official_split",
    rows_are="people",
    positive_words="who earn over 50K",
    negative_words="who earn 50K or less",
    licence="CC BY 4.0 (UCI Machine Learning Repository)",
    citation="Kohavi (1996), Scaling Up the Accuracy of Naive-Bayes Classifiers, KDD",
)

COMPAS = Task(
    name="compas",
    title="COMPAS two-year recidivism",
    table="compas",
    label="two_year_recid",
    classes=("Not rearrested", "Rearrested"),
    features=(
        "age",
        "sex",
        "juv_fel_count",
        "juv_misd_count",
        "juv_other_count",
        "priors_count",
        "c_charge_degree",
    ),
    sensitive=("race", "sex", "age"),
    cut_points={"age": (25, 46)},
    score=ExistingScore(("decile_score",), "raw", 5),
    filters={
        "customary": (
            "days_b_screening_arrest <= 30 & days_b_screening_arrest >= -30 & "
            "is_recid != -1 & c_charge_degree != O & score_text != Missing"
        )
    },
    rows_are="defendants",
    positive_words="who were rearrested",
    negative_words="who were not rearrested",
    licence="Public records; published without a licence text by ProPublica",
    citation="Angwin, Larson, Mattu & Kirchner (2016), Machine Bias, ProPublica",
)

GERMAN = Task(
    name="german",
    title="German credit",
    table="german",
    label="credit_risk",
    classes=("good", "bad"),
    features=(
        "checking_account",
        "duration_months",
        "credit_history",
        "purpose",
        "credit_amount",
        "savings",
        "employment_since",
        "installment_rate",
        "personal_status_sex",
        "other_debtors",
        "residence_since",
        "property",
        "age",
        "other_installment_plans",
        "housing",
        "existing_credits",
        "job",
        "dependents",
        "telephone",
        "foreign_worker",
    ),
    sensitive=("sex", "age"),
    cut_points={"age": (25, 40, 60)},
    rows_are="borrowers",
    positive_words="who were bad risks",
    negative_words="who were good risks",
    licence="CC BY 4.0 (UCI Machine Learning Repository)",
    citation="Hofmann (1994), Statlog (German Credit Data), UCI; Grömping (2019)",
)

_CREDIT_MONTHS = range(1, 7)

CREDIT_DEFAULT = Task(
    name="credit_default",
    title="Default of credit card clients",
    table="credit_default",
    label="default_next_month",
    classes=("No default", "Default"),
    features=(
        "credit_limit",
        "sex",
        "education",
        "marital_status",
        "age",
        *(f"repayment_status_{m}" for m in _CREDIT_MONTHS),
        *(f"bill_amount_{m}" for m in _CREDIT_MONTHS),
        *(f"paid_amount_{m}" for m in _CREDIT_MONTHS),
    ),
    sensitive=("sex", "age", "education", "marital_status"),
    cut_points={"age": (30, 40, 50)},
    rows_are="clients",
    positive_words="who defaulted",
    negative_words="who did not default",
    licence="CC BY 4.0 (UCI Machine Learning Repository)",
    citation=(
        "Yeh & Lien (2009), The comparisons of data mining techniques for the "
        "predictive accuracy of probability of default of credit card clients, "
        "Expert Systems with Applications 36"
    ),
)

LAW_SCHOOL = Task(
    name="law_school",
    title="Law school and bar exam",
    table="law_school",
    label="first_bar",
    classes=("Not passed", "Passed"),
    features=("lsat", "undergraduate_gpa", "first_year_z"),
    sensitive=("race", "sex"),
    rows_are="students",
    positive_words="who passed the bar",
    negative_words="who did not pass the bar",
    licence="Research use; released by the Law School Admission Council",
    citation=(
        "Wightman (1998), LSAC National Longitudinal Bar Passage Study; extract of "
        "Kusner, Loftus, Russell & Silva (2017), Counterfactual Fairness, NeurIPS"
    ),
)

CENSUS_INCOME = Task(
    name="census_income",
    title="Census income 1994-95",
    table="census_income",
    label="income",
    classes=("-50000", "50000+"),
    features=(
        "age",
        "class_of_worker",
        "industry_code",
        "occupation_code",
        "education",
        "wage_per_hour",
        "enrolled_last_week",
        "marital_status",
        "major_industry",
        "major_occupation",
        "race",
        "hispanic_origin",
        "sex",
        "union_member",
        "reason_unemployed",
        "employment_status",
        "capital_gains",
        "capital_losses",
        "dividends",
        "tax_filer_status",
        "previous_region",
        "previous_state",
        "household_detail",
        "household_summary",
        "migration_msa",
        "migration_region",
        "migration_within_region",
        "same_house_last_year",
        "migration_sunbelt",
        "employer_size",
        "family_under_18",
        "birth_father",
        "birth_mother",
        "birth_self",
        "citizenship",
        "own_business",
        "veterans_questionnaire",
        "veterans_benefits",
        "weeks_worked",
    ),
    sensitive=("sex", "race", "hispanic_origin", "age"),
    cut_points={"age": (18, 25, 40, 60)},
    weight="instance_weight",
    time="year",
    rows_are="people",
    positive_words="whose income is 50K or more",
    negative_words="whose income is under 50K",
    recorded_in={
        "employment_status": ("95",),
        "previous_region": ("94",),
        "previous_state": ("94",),
        "migration_msa": ("94",),
        "migration_region": ("94",),
        "migration_within_region": ("94",),
        "same_house_last_year": ("94",),
        "migration_sunbelt": ("94",),
    },
    official_split="official_split",
    licence="CC BY 4.0 (UCI Machine Learning Repository); US Census Bureau data",
    citation="Lane & Kohavi (2000), Census-Income (KDD), UCI repository",
)

PLANTED = Task(
    name="planted",
    title="Planted faults",
    table="planted:2",
    label="outcome",
    classes=("no", "yes"),
    features=("age", "income", "tenure", "region", "channel"),
    sensitive=("sex", "region", "age"),
    cut_points={"age": (30, 45, 60)},
    score=ExistingScore(("score",)),
    licence="CC0 (generated)",
    citation="This product: analysis/datasets/synthetic.py",
)

PLANTED_MULTICLASS = replace(
    PLANTED,
    name="planted_multiclass",
    title="Planted faults, three classes",
    table="planted:3",
    classes=("low", "middle", "high"),
    score=ExistingScore(("score_low", "score_middle", "score_high")),
)

TASKS: dict[str, Task] = {
    "adult": ADULT,
    "compas": COMPAS,
    "german": GERMAN,
    "credit_default": CREDIT_DEFAULT,
    "law_school": LAW_SCHOOL,
    "census_income": CENSUS_INCOME,
    "planted": PLANTED,
    "planted_multiclass": PLANTED_MULTICLASS,
}


def task_named(name: str) -> Task:
    """Return an embedded task; `compas:customary` applies one of its row filters.

    Raises
    ------
    SettingError
        The task, or its filter, does not exist.
    """
    stem, _, chosen = name.partition(":")
    if stem not in TASKS:
        raise SettingError(
            f"'{stem}' is not an embedded data set; there are {', '.join(TASKS)}. "
            "Choose one of these, or give a CSV or Parquet file."
        )
    task = TASKS[stem]
    if not chosen:
        return task
    return filtered(task, chosen)


def filtered(task: Task, chosen: str) -> Task:
    """Return a task under one of its own row filters.

    Raises
    ------
    SettingError
        The task has no filter of that name.
    """
    if chosen not in task.filters:
        raise SettingError(
            f"'{task.name}' has no row filter '{chosen}'; it has "
            f"{', '.join(task.filters) or 'none'}. Choose one of these, or all rows."
        )
    return replace(task, name=f"{task.name}:{chosen}", rows=task.filters[chosen])
