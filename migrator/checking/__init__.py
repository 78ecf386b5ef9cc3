"""What a change adds to a folder of migrations, judged without a database; asks git."""
