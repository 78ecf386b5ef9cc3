"""What is checked of every stack: `pytest --stack prod -m "not disruptive"`."""
