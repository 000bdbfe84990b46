pytest_plugins = [
    "tests.fixtures.coturn",
    "tests.fixtures.leaks",
    "tests.fixtures.log_scan",
    "tests.fixtures.mail",
    "tests.fixtures.platform",
    "tests.fixtures.postgres",
    "tests.fixtures.seaweedfs",
    "tests.fixtures.valkey",
]
