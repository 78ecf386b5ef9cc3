"""Gates, and what their checks ask AWS for."""
