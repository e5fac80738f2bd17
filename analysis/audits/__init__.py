"""What audits ask for beside numbers: rules, data quality, which measure when."""
