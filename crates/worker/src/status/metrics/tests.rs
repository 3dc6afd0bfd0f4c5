//! Every number of the page, by the name and the labels under which it is asked for (spec/agent.md §12.4).

use super::*;

/// What must be there besides numbers that are all 0.
fn check(metrics: &Metrics, expected: &[&str]) {
    let text = metrics.text();
    for line in expected {
        assert!(text.lines().any(|seen| seen == format!("buildkite_agent_{line}")), "{line}\n{text}");
    }
}

#[test]
fn counters_are_there_from_the_start_and_count_what_they_say() {
    let metrics = Metrics::default();
    let m = &metrics;
    let counters: [(&str, &Counter); 9] = [
        ("workers_started_total", &m.workers_started),
        ("workers_ended_total", &m.workers_ended),
        ("pings_sent_total", &m.pings_sent),
        ("pings_errors_total", &m.pings_errors),
        ("logs_chunks_uploaded_total", &m.chunks_uploaded),
        ("logs_bytes_uploaded_total", &m.log_bytes_uploaded),
        ("logs_compressed_bytes_uploaded_total", &m.compressed_bytes_uploaded),
        ("logs_chunk_uploads_errored_total", &m.chunks_errored),
        ("logs_bytes_uploads_errored_total", &m.log_bytes_errored),
    ];
    for (number, (name, counter)) in (1..).zip(counters) {
        let kind = format!("# TYPE buildkite_agent_{name} counter");
        assert!(m.text().lines().any(|line| line == kind), "{kind}");
        check(m, &[&format!("{name} 0")]);
        counter.add(number);
        check(m, &[&format!("{name} {number}")]);
    }
    check(m, &["jobs_started_total 0", "jobs_ended_total 0"]);
}

#[test]
fn jobs_are_counted_with_and_without_labels() {
    let metrics = Metrics::default();
    assert!(!metrics.text().contains("queue="), "labelled numbers come with their first job");
    let labels = |priority, queue: &str| {
        let env = [("BUILDKITE_AGENT_META_DATA_QUEUE".to_owned(), queue.to_owned())].into();
        JobLabels::of(&Job { priority, env, ..Job::default() })
    };
    metrics.job_started(&labels(3, "q"));
    metrics.job_started(&labels(3, "q"));
    metrics.job_ended(&labels(3, "q"));
    metrics.job_started(&labels(-1, "a \"b\"\\c\nd\té"));
    metrics.job_started(&JobLabels::of(&Job::default()));
    check(
        &metrics,
        &[
            "jobs_started_total 4",
            "jobs_ended_total 1",
            "jobs_started_with_labels_total{priority=\"3\",queue=\"q\"} 2",
            "jobs_ended_with_labels_total{priority=\"3\",queue=\"q\"} 1",
            "jobs_running{priority=\"3\",queue=\"q\"} 1",
            "jobs_running{priority=\"-1\",queue=\"a \\\"b\\\"\\\\c\\nd\té\"} 1",
            "jobs_running{priority=\"0\",queue=\"\"} 1",
        ],
    );
    let kinds = [("jobs_started_with_labels_total", "counter"), ("jobs_running", "gauge")];
    for (name, kind) in kinds {
        assert!(metrics.text().contains(&format!("# TYPE buildkite_agent_{name} {kind}\n")), "{name}");
    }
}

#[test]
fn actions_are_counted_by_name_which_may_be_empty() {
    let metrics = Metrics::default();
    for action in ["", "pause", "pause"] {
        metrics.action(action);
    }
    check(&metrics, &["pings_actions_total{action=\"\"} 1", "pings_actions_total{action=\"pause\"} 2"]);
}

#[test]
fn histograms_have_their_bounds_sum_and_count() {
    let metrics = Metrics::default();
    let m = &metrics;
    for (name, histogram, first, last, bounds) in [
        ("pings_duration_seconds_total", &m.ping_duration, "0.015625", "32", 12),
        ("pings_wait_duration_seconds_total", &m.ping_wait, "1", "20", 20),
        ("logs_upload_duration_seconds_total", &m.upload_duration, "0.015625", "512", 16),
        ("logs_chunk_size_bytes", &m.chunk_size, "256", "67108864", 10),
    ] {
        histogram.observe(first.parse().unwrap());
        histogram.observe(1e12);
        let text = m.text();
        let buckets: Vec<_> =
            text.lines().filter(|line| line.contains(&format!("{name}_bucket{{"))).collect();
        assert_eq!(buckets.len(), bounds + 1, "{name}");
        assert!(buckets[0].ends_with(&format!("{{le=\"{first}\"}} 1")), "{}", buckets[0]);
        assert!(buckets[bounds - 1].ends_with(&format!("{{le=\"{last}\"}} 1")), "{}", buckets[bounds - 1]);
        assert!(buckets[bounds].ends_with("{le=\"+Inf\"} 2"), "{}", buckets[bounds]);
        let sum = first.parse::<f64>().unwrap() + 1e12;
        check(m, &[&format!("{name}_sum {sum}"), &format!("{name}_count 2")]);
        assert!(text.contains(&format!("# TYPE buildkite_agent_{name} histogram\n")), "{name}");
    }
}
