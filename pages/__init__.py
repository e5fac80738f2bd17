"""The pages, one script per question; `pages.ui` is what they share."""
