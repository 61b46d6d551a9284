//! Every role beside everything a person may ask: who holds only that role may, or is refused for it. What no row allows is
//! refused, and a name that nobody knows may nothing but stop.

use expect_test::expect;
use fillwright_sim::scenario::play;
use std::fmt::Write as _;

/// What is asked, and the lines that lead up to it; `P` stands for who asks.
const ACTIONS: &[(&str, &[&str])] = &[
    ("adopt rules", &["3s adopt standard by P, version 2"]),
    ("propose rules", &["3s propose standard by P, version 2"]),
    (
        "approve rules",
        &[
            "2s propose standard by risk-1, version 2, lanes, at 9s{person}, max_leverage 9",
            "3s approve by P",
        ],
    ),
    (
        "withdraw rules",
        &["2s propose standard by risk-1, version 2, lanes, at 9s{person}", "3s withdraw by P"],
    ),
    ("register a run", &["3s run R9 by P"]),
    ("kill", &["3s kill by P"]),
    ("release", &["2s kill by ops-1", "3s release by P"]),
    ("impose a cooldown", &["3s impose cooldown until 9s by P"]),
    ("lift a cooldown", &["2s impose cooldown until 9s by ops-1", "3s lift cooldown by P"]),
    ("impose a halt", &["3s impose halt by P"]),
    ("raise an incident", &["3s raise execution low global by P because drill"]),
    (
        "acknowledge an incident",
        &[
            "2s raise execution low global by ops-1 because drill",
            "3s acknowledge INC-4-1 by P because seen",
        ],
    ),
    ("enable a strategy again", &["3s reenable trend by P because seen"]),
    ("schedule a session", &["3s schedule S1 by P"]),
    ("start a session", &["2s schedule S1 by ops-1", "3s session start S1 by P"]),
    ("promote", &["3s promote trend canary main by P"]),
    ("demote", &["3s demote trend canary nowhere by P"]),
    ("set a model", &["3s model trend retired by P"]),
    ("ask for an approval", &["3s request R1 promote trend canary main until 90s with TCA-1 by P"]),
];
const ROLES: [&str; 6] = ["viewer", "trader", "risk", "approver", "admin", "auditor"];

/// Whether somebody with this role, or nobody known, may; `None` is somebody who stands in no rules.
fn may(lines: &[&str], role: Option<&str>) -> &'static str {
    let person = role.map(|role| format!(", person p-1 {role}")).unwrap_or_default();
    let mut script = format!("1s adopt standard, lanes{person}");
    for line in lines {
        let _ = write!(script, "\n{}", line.replace(" P", " p-1").replace("{person}", &person));
    }
    let told = play(&script);
    let last = told.lines().filter(|line| line.starts_with("3s ")).collect::<Vec<_>>().join("\n");
    assert!(!last.is_empty(), "{script}\nled to nothing:\n{told}");
    if last.contains("it takes a role that the person does not hold")
        || last.contains("no such person stands in the rules")
    {
        "-"
    } else {
        "may"
    }
}

#[test]
fn every_role_may_what_the_table_says_and_nothing_else() {
    let mut table = format!("{:24}", "");
    for role in ROLES.into_iter().chain(["stranger"]) {
        let _ = write!(table, "{role:9}");
    }
    for (action, lines) in ACTIONS {
        let _ = write!(table, "\n{action:24}");
        for role in ROLES.map(Some).into_iter().chain([None]) {
            let _ = write!(table, "{:9}", may(lines, role));
        }
    }
    let table = table.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    expect![[r#"
                                viewer   trader   risk     approver admin    auditor  stranger
        adopt rules             -        -        may      -        -        -        -
        propose rules           -        -        may      -        -        -        -
        approve rules           -        -        -        may      -        -        -
        withdraw rules          -        -        may      may      -        -        -
        register a run          -        -        may      -        may      -        -
        kill                    may      may      may      may      may      may      may
        release                 -        may      may      may      may      -        -
        impose a cooldown       may      may      may      may      may      may      may
        lift a cooldown         -        may      may      may      may      -        -
        impose a halt           may      may      may      may      may      may      may
        raise an incident       may      may      may      may      may      may      may
        acknowledge an incident -        may      may      -        may      -        -
        enable a strategy again -        may      may      may      may      -        -
        schedule a session      -        may      -        -        -        -        -
        start a session         -        may      -        -        -        -        -
        promote                 -        may      -        -        -        -        -
        demote                  -        may      may      -        -        -        -
        set a model             -        -        may      -        -        -        -
        ask for an approval     -        may      may      -        -        -        -"#]]
    .assert_eq(&table);
}
