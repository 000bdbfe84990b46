"""Records in SQL: tables, engine, one repository a file, migrations."""
