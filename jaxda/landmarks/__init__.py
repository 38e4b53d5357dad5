"""What each theory must show, measured on the models of the catalogue."""
