//! Holds dashboards, data sources and recording rules against the declared metrics.

use crate::repository::{promtool, root, text, yaml};
use serde_json::Value;
use std::collections::BTreeSet;
use telemetry::metrics::Metrics;

const PREFIX: &str = "sextant_";

fn rules() -> Vec<Value> {
    let groups = yaml("grafana/prometheus/rules.yml")["groups"].clone();
    let rules = groups.as_array().unwrap().iter().flat_map(|group| group["rules"].as_array());
    rules.flatten().cloned().collect()
}

fn dashboards() -> Vec<(String, Value)> {
    let folder = root().join("grafana/dashboards");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| {
            let dashboard = text(&format!("grafana/dashboards/{name}"));
            (name, serde_json::from_str(&dashboard).unwrap())
        })
        .collect();
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    found
}

fn panels(dashboard: &Value) -> &Vec<Value> {
    dashboard["panels"].as_array().unwrap()
}

/// What an expression says about our metrics must hold: each is declared, and each label that
/// its grouping names belongs to one of them.
fn check_expression(place: &str, expression: &str) {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let mut any = false;
    for word in words.filter(|word| word.starts_with(PREFIX)) {
        any = true;
        let declared = |name: &str| Metrics::DECLARED.iter().any(|metric| metric.name == name);
        let of_histogram = ["_bucket", "_sum", "_count"]
            .iter()
            .filter_map(|part| word.strip_suffix(part))
            .any(|base| base.ends_with("_seconds") && declared(base));
        assert!(declared(word) || of_histogram, "{place}: no metric is called {word}");
    }
    assert!(any, "{place}: {expression} asks for none of our metrics");
    for grouping in expression.split("by (").skip(1) {
        for label in grouping.split_once(')').unwrap().0.split(", ") {
            let ours = Metrics::DECLARED
                .iter()
                .any(|metric| metric.label == Some(label) && expression.contains(metric.name));
            assert!(ours || ["job", "instance", "le"].contains(&label), "{place}: label {label}");
        }
    }
}

#[test]
fn declarations_keep_the_conventions() {
    let mut names = BTreeSet::new();
    let exposition = String::from_utf8(Metrics::new("1.2.3").render().unwrap()).unwrap();
    for metric in Metrics::DECLARED {
        let name = metric.name;
        assert!(names.insert(name), "{name} is declared twice");
        assert!(name.starts_with(PREFIX), "{name}");
        assert!(metric.help.ends_with(&format!("[{}]", metric.unit)), "{name}: {}", metric.help);
        // A family shows only once it has members.
        if metric.label.is_none() {
            let counter = exposition.contains(&format!("# TYPE {name} counter"));
            assert_eq!(counter, name.ends_with("_total"), "{name}: _total is for counters");
        }
        let unit = match metric.unit {
            "seconds" => "_seconds",
            "seconds since 1970" => "_timestamp_seconds",
            "ratio" => "_ratio",
            "quote currency" => "_quote",
            _ => "",
        };
        assert!(name.trim_end_matches("_total").ends_with(unit), "{name} hides its unit");
    }
}

#[test]
fn dashboards_ask_for_declared_metrics_of_a_provisioned_source() {
    let sources = yaml("grafana/provisioning/datasources/sextant.yml");
    let uids: Vec<&str> = sources["datasources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|source| source["uid"].as_str().unwrap())
        .collect();
    let mut dashboard_uids = BTreeSet::new();
    for (file, dashboard) in dashboards() {
        assert!(dashboard_uids.insert(dashboard["uid"].as_str().unwrap().to_owned()), "{file}");
        assert!(dashboard["id"].is_null(), "{file}: an id belongs to one installation");
        for panel in panels(&dashboard) {
            let place = format!("{file}, {}", panel["title"]);
            let uid = panel["datasource"]["uid"].as_str().unwrap();
            assert!(uids.contains(&uid), "{place}: no data source {uid}");
            let targets = panel["targets"].as_array().unwrap();
            let letters: BTreeSet<_> =
                targets.iter().map(|target| target["refId"].as_str().unwrap()).collect();
            assert_eq!(letters.len(), targets.len(), "{place}: refIds repeat");
            for target in targets {
                check_expression(&place, target["expr"].as_str().unwrap());
            }
        }
    }
}

#[test]
fn panels_have_their_own_ids_and_places() {
    for (file, dashboard) in dashboards() {
        let mut ids = BTreeSet::new();
        let mut cells = BTreeSet::new();
        for panel in panels(&dashboard) {
            let title = &panel["title"];
            assert!(ids.insert(panel["id"].as_u64().unwrap()), "{file}: id of {title} repeats");
            let at = |side: &str| panel["gridPos"][side].as_u64().unwrap();
            assert!(at("x") + at("w") <= 24, "{file}: {title} is wider than the page");
            for x in at("x")..at("x") + at("w") {
                for y in at("y")..at("y") + at("h") {
                    assert!(cells.insert((x, y)), "{file}: {title} overlaps another panel");
                }
            }
        }
    }
}

#[test]
fn the_home_dashboard_and_the_providers_folder_exist() {
    let compose = yaml("docker-compose.yml");
    let grafana = &compose["services"]["grafana"];
    let home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"].as_str();
    let inside = home.unwrap().strip_prefix("/etc/grafana/").unwrap();
    assert!(root().join("grafana").join(inside).is_file(), "{inside}");
    let provider = yaml("grafana/provisioning/dashboards/sextant.yml");
    assert_eq!(provider["providers"][0]["options"]["path"], "/etc/grafana/dashboards");
}

#[test]
fn rules_keep_the_familiar_names_over_declared_metrics() {
    let mut recorded = BTreeSet::new();
    for rule in rules() {
        let name = rule["record"].as_str().unwrap().to_owned();
        check_expression(&name, rule["expr"].as_str().unwrap());
        recorded.insert(name);
    }
    let familiar =
        ["api_request_latency", "trading_pnl_total", "trading_positions_open", "trading_win_rate"];
    assert!(recorded.iter().eq(familiar), "{recorded:?}");
}

#[test]
fn prometheus_accepts_its_configuration_and_the_rules_give_what_they_say() {
    let scraped = yaml("grafana/prometheus/prometheus.yml");
    let target = &scraped["scrape_configs"][0]["static_configs"][0]["targets"][0];
    assert_eq!(target, "sextant:9464", "the service and the port of docker-compose.yml");
    for arguments in [
        ["check", "config", "grafana/prometheus/prometheus.yml"],
        ["test", "rules", "infra/telemetry/tests/rules_test.yml"],
    ] {
        let Some(mut promtool) = promtool() else { return };
        let output = promtool.args(arguments).current_dir(root()).output().unwrap();
        let said =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }
}
