"""A node without a server and without a clock: nothing is lost, and in the end all times are right."""

from .alone import run


def test_what_was_found_without_a_server_and_without_a_clock_arrives_with_the_true_times(tmp_path):
    report = run(tmp_path, alone_s=20, gone_s=8, say=print)
    print(report)
    assert report.is_well, report
