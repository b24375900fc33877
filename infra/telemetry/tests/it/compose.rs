//! Holds docker-compose.yml, the Dockerfile and .env.template against each other.

use crate::repository::{answer, root, text, yaml};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Settings that make no sense inside a container: there the database is the one next door, the
/// key and the backup's marker lie in the data volume, and files of secrets are nowhere mounted.
const NOT_IN_COMPOSE: [&str; 9] = [
    "DATABASE_URL",
    "DATABASE_URL_FILE",
    "SEXTANT_PAPER_DATABASE_URL_FILE",
    "POSTGRES_PASSWORD_FILE",
    "SEXTANT_LEDGER_KEY_FILE",
    "SEXTANT_BACKUP_MARKER",
    "SMTP_PASSWORD_FILE",
    "BINANCE_API_SECRET_FILE",
    "BINANCE_ED25519_KEY_FILE",
];
/// The one password of somebody else's server, without which the system works.
const OPTIONAL: &str = "SMTP_PASSWORD";

fn services() -> Map<String, Value> {
    yaml("docker-compose.yml")["services"].as_object().unwrap().clone()
}

fn strings(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().map(|item| item.as_str().unwrap()).collect()
}

/// The template's names with their values, those that are commented out included.
fn template() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for line in text(".env.template").lines() {
        let Some((name, value)) = line.strip_prefix("# ").unwrap_or(line).split_once('=') else {
            continue;
        };
        let is_name =
            name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if is_name && !name.is_empty() {
            let before = found.insert(name.to_owned(), value.to_owned());
            assert_eq!(before, None, "{name} stands twice in .env.template");
        }
    }
    found
}

/// The names in `${…}`, each with what follows it: `:-default` or `:?message`.
fn references() -> BTreeSet<(String, String)> {
    text("docker-compose.yml")
        .split("${")
        .skip(1)
        .map(|rest| {
            let inside = rest.split_once('}').unwrap().0;
            let end = inside.find(':').unwrap_or(inside.len());
            (inside[..end].to_owned(), inside[end..].to_owned())
        })
        .collect()
}

#[test]
fn images_are_pinned_to_a_version() {
    let dockerfile = text("Dockerfile");
    let bases = dockerfile
        .lines()
        .filter_map(|line| line.strip_prefix("FROM "))
        .map(|from| from.split(' ').next().unwrap().to_owned());
    let images = services()
        .into_iter()
        .map(|(_, service)| service["image"].as_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    for image in bases.chain(images) {
        let tag = image.rsplit_once(':').unwrap_or_else(|| panic!("{image} has no tag")).1;
        let exact = tag.bytes().filter(u8::is_ascii_digit).count() >= 3;
        assert!(exact && !tag.contains("latest") && !tag.contains("-oss"), "{image}");
    }
}

#[test]
fn the_image_is_built_with_the_pinned_toolchain_and_bears_the_workspaces_version() {
    let toolchain = text("rust-toolchain.toml");
    let channel = toolchain.split('"').nth(1).unwrap();
    assert!(text("Dockerfile").contains(&format!("FROM rust:{channel}-")), "{channel}");
    let image = format!("sextant:{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(services()["sextant"]["image"], image.as_str());
}

#[test]
fn every_service_tells_its_health_and_waits_for_the_health_of_others() {
    for (name, service) in services() {
        assert!(strings(&service["healthcheck"]["test"]).len() > 1, "{name} has no healthcheck");
        for (other, how) in service["depends_on"].as_object().into_iter().flatten() {
            assert_eq!(how["condition"], "service_healthy", "{name} needs {other}");
        }
    }
    assert!(text("Dockerfile").contains("HEALTHCHECK"));
    assert_eq!(services()["sextant"]["stop_grace_period"], "15s");
}

#[test]
fn ports_are_open_to_this_machine_only() {
    for (name, service) in services() {
        for port in strings(&service["ports"]) {
            assert!(port.starts_with("127.0.0.1:"), "{name} publishes {port}");
        }
        assert!(service.get("network_mode").is_none(), "{name}");
    }
}

#[test]
fn containers_can_do_little() {
    for (name, service) in services() {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(strings(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(strings(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
        assert!(service.get("privileged").is_none(), "{name}");
        let user = service["user"].as_str().map(str::to_owned).unwrap_or_else(|| {
            assert!(service.get("build").is_some(), "{name} names no user");
            let dockerfile = text("Dockerfile");
            dockerfile.lines().find_map(|line| line.strip_prefix("USER ")).unwrap().to_owned()
        });
        assert!(!["root", "0", "0:0"].contains(&user.as_str()), "{name} runs as root");
    }
}

#[test]
fn files_that_are_mounted_exist_and_volumes_are_declared() {
    let declared = yaml("docker-compose.yml")["volumes"].as_object().unwrap().clone();
    let mut used = BTreeSet::new();
    for (name, service) in services() {
        for mount in strings(&service["volumes"]) {
            let source = mount.split(':').next().unwrap();
            if source.starts_with("./") {
                assert!(root().join(source).exists(), "{name} mounts {source}");
                assert!(mount.ends_with(":ro"), "{name} may write to {source}");
            } else {
                assert!(declared.contains_key(source), "{name} mounts {source}");
                used.insert(source.to_owned());
            }
        }
    }
    assert!(declared.keys().eq(used.iter()), "a declared volume is used by nobody");
}

#[test]
fn every_variable_is_in_the_template_and_every_setting_reaches_a_container() {
    let services = services();
    let trader = services["sextant"]["environment"].as_object().unwrap();
    let passed = trader.iter().filter(|(_, value)| value.is_null()).map(|(name, _)| name.clone());
    let known = template();
    let wanted: BTreeSet<String> =
        passed.chain(references().into_iter().map(|(name, _)| name)).collect();
    for name in &wanted {
        assert!(known.contains_key(name), "{name} is not in .env.template");
    }
    for name in known.keys() {
        let reaches = wanted.contains(name) || trader.contains_key(name);
        let local = NOT_IN_COMPOSE.contains(&name.as_str());
        assert!(reaches != local, "{name} of .env.template: used by compose {reaches}");
    }
}

#[test]
fn defaults_are_the_templates_and_secrets_have_none() {
    let known = template();
    for (name, rest) in references() {
        if name.contains("PASSWORD") {
            assert!(rest.starts_with(":?"), "{name} must be required, is {rest:?}");
        } else {
            assert_eq!(rest, format!(":-{}", known[&name]), "{name}");
        }
    }
    for (name, value) in &known {
        let secret = name.ends_with("PASSWORD") || name.ends_with("KEY");
        assert!(!secret || value.is_empty(), "{name} has a default");
    }
    for (name, service) in services() {
        for (key, value) in service["environment"].as_object().into_iter().flatten() {
            let required = value.as_str().is_some_and(|value| value.contains(":?"));
            let may_lack = key == OPTIONAL && value.is_null();
            assert!(
                !key.contains("PASSWORD") || required || may_lack,
                "{key} of {name} is not required"
            );
        }
    }
}

/// Compose as a plugin or as a program of its own, if it is version 2 or later.
fn compose() -> Option<Command> {
    if answer("docker", &["compose", "version"]).is_some() {
        let mut docker = Command::new("docker");
        docker.arg("compose");
        return Some(docker);
    }
    let version = answer("docker-compose", &["version", "--short"]);
    if version.is_some_and(|version| !version.starts_with("1.")) {
        return Some(Command::new("docker-compose"));
    }
    println!("skipped: compose is not installed, or older than version 2");
    None
}

/// Runs `config -q` with the template's values and `passwords`; gives what it complained about.
fn check_config(mut compose: Command, passwords: &[&str]) -> Result<(), String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let output = compose
        .env_clear()
        .env("PATH", path)
        .envs(passwords.iter().map(|name| (name, "x")))
        .args(["--env-file", ".env.template", "config", "-q"])
        .current_dir(root())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(()) } else { Err(said) }
}

#[test]
fn compose_accepts_the_file_and_refuses_to_start_without_a_password() {
    let known = template();
    let passwords: Vec<&str> =
        known.keys().filter(|name| name.ends_with("PASSWORD")).map(String::as_str).collect();
    assert!(!passwords.is_empty());
    let Some(first) = compose() else { return };
    check_config(first, &passwords).unwrap();
    for without in &passwords {
        let others: Vec<&str> = passwords.iter().copied().filter(|name| name != without).collect();
        let said = check_config(compose().unwrap(), &others).unwrap_err();
        assert!(said.contains(without), "{said}");
    }
}
