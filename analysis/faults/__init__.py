"""What is wrong with a model, of each kind at most once a group: what to mend."""
