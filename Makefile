# Two commands: `make app` and `make test`. Each does all of its own set-up, from any
# working directory (make -C, make -f), also when the path holds spaces.
HERE := $(shell dirname "$(strip $(MAKEFILE_LIST))")
IN := cd "$(HERE)" &&
PY := env -u PYTHONPATH -u PYTHONHOME .venv/bin/python

.PHONY: app test check unit browser data runs

app:  ## install what the product needs and start it on http://localhost:8501
	@$(IN) sh .ci/install requirements.txt
	@$(IN) exec $(PY) -m streamlit run app.py

test: check unit browser  ## everything that must hold before a commit

check:  ## format, lint, types
	@$(IN) sh .ci/install requirements-dev.txt
	$(IN) $(PY) -m ruff format --check .
	$(IN) $(PY) -m ruff check .
	$(IN) $(PY) -m mypy

unit:
	@$(IN) sh .ci/install requirements-dev.txt
	$(IN) $(PY) -m pytest -q -n 2 -m "not browser"

browser:
	@$(IN) sh .ci/install requirements-dev.txt
	@$(IN) sh .ci/chromium
	$(IN) $(PY) -m pytest -q -m browser

data:  ## rebuild assets/data from the source archives
	@$(IN) sh .ci/install requirements.txt
	$(IN) $(PY) -m analysis.datasets.rebuild

runs:  ## train the shipped runs anew
	@$(IN) sh .ci/install requirements.txt
	$(IN) $(PY) -m models.shipped
