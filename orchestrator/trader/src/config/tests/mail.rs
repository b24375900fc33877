//! Where alerts go.

use notify::mailer::{Encryption, Settings as MailServer};

use super::super::settings::Mail;
use super::*;

const WHOLE: [(&str, &str); 4] = [
    ("SMTP_HOST", "mail.example.org"),
    ("SMTP_USER", "sextant"),
    ("SMTP_PASSWORD", "hunter2"),
    ("NOTIFICATION_EMAIL", "me@example.org, You <you@example.org>"),
];

fn server(variables: &[(&str, &str)]) -> MailServer {
    match loaded(&with_environment(variables)).settings.mail {
        Mail::To(server) => *server,
        Mail::Missing(names) => panic!("{names:?}"),
    }
}

#[test]
fn a_server_is_made_of_its_parts() {
    let found = server(&WHOLE);
    assert_eq!((found.host.as_str(), found.port), ("mail.example.org", 587));
    assert_eq!((found.encryption, found.to.len()), (Encryption::StartTls, 2));
    assert_eq!(found.from.to_string(), "me@example.org");
    let more = [("SMTP_FROM_EMAIL", "bot@example.org"), ("SMTP_TLS", "TLS"), ("SMTP_PORT", "465")];
    let found = server(&[&WHOLE[..], &more].concat());
    assert_eq!((found.from.to_string().as_str(), found.port), ("bot@example.org", 465));
    let by_other_name = [WHOLE[0], ("SMTP_USERNAME", "bot@example.org"), WHOLE[2], WHOLE[3]];
    assert_eq!(server(&by_other_name).from.to_string(), "bot@example.org");
    let here = [("SMTP_HOST", "127.0.0.1"), ("SMTP_TLS", "none"), WHOLE[3]];
    assert!(server(&here).login.is_none());
}

#[test]
fn what_is_missing_is_named_and_what_contradicts_is_refused() {
    let missing =
        |variables: &[(&str, &str)]| match loaded(&with_environment(variables)).settings.mail {
            Mail::To(_) => panic!("nothing is missing"),
            Mail::Missing(names) => names,
        };
    assert_eq!(missing(&[]), ["SMTP_HOST", "NOTIFICATION_EMAIL"]);
    assert_eq!(missing(&WHOLE[..3]), ["NOTIFICATION_EMAIL"]);
    for (variables, problem) in [
        (vec![WHOLE[0], WHOLE[1], WHOLE[3]], "needs SMTP_PASSWORD or SMTP_PASSWORD_FILE"),
        (vec![WHOLE[0], WHOLE[2], WHOLE[3]], "SMTP_PASSWORD needs SMTP_USER"),
        ([&WHOLE[..], &[("SMTP_USERNAME", "x")]].concat(), "contradicts SMTP_USER"),
        ([&WHOLE[..], &[("SMTP_TLS", "none")]].concat(), "only go to this very machine"),
    ] {
        let found = errors(&with_environment(&variables));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains(problem) && !found[0].contains("hunter2"), "{found:?}");
    }
}
