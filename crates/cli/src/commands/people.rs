//! `fillwright people`: who may ask for what, by the rules in force.

use crate::arguments::Common;
use crate::exit::Exit;
use crate::output::{Report, table};
use crate::reading::JournalReader;
use anyhow::Result;
use clap::Args;
use fillwright_domain::Principal;
use fillwright_kernel::State;
use fillwright_policy::Role;
use serde::Serialize;

/// Report who may ask for what: every person of the rules in force, and what their roles let them do.
///
/// Read from the journal. A change of `config/people.json` counts from the entry that adopts it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright people --home fillwright-demo
  fillwright people --json | jq '.people[] | select(.enabled | not)'

Exit codes: as `fillwright --help` lists them; 1 where no rules are in force, so nobody is known.")]
pub(crate) struct People {}

#[derive(Debug, Serialize)]
struct Access {
    rules_version: Option<String>,
    /// The entry that put these people in force.
    rules_seq: u64,
    people: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    name: String,
    enabled: bool,
    roles: Vec<Role>,
    /// What the kernel takes from them: the same question it asks of every input.
    may: Vec<&'static str>,
}

impl People {
    #[expect(clippy::unused_self, reason = "every command runs the same way")]
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let (kernel, ..) = JournalReader::of(&common.home()?)?.kernel()?;
        let access = access(kernel.state());
        common.output().report(&access)?;
        Ok(if access.rules_version.is_some() { Exit::Done } else { Exit::Found })
    }
}

fn access(state: &State) -> Access {
    let rules = state.rulebook.as_ref();
    let people = rules.into_iter().flat_map(|rules| &rules.people);
    let lines = people.map(|(name, person)| Line {
        name: name.to_string(),
        enabled: person.enabled,
        roles: person.roles.iter().copied().collect(),
        may: may(state, name),
    });
    Access {
        rules_version: rules.map(|rules| rules.version.to_string()),
        rules_seq: state.rulebook_seq,
        people: lines.collect(),
    }
}

fn may(state: &State, by: &Principal) -> Vec<&'static str> {
    let asked = [
        // A stop is refused to nobody who gives a name.
        ("stop", true),
        ("ask for the end of a stop", state.may(by, &Role::ENDS_STOPS).is_ok()),
        ("answer for the end of a stop", state.may(by, &[Role::Risk]).is_ok()),
        ("change the rules", state.may_adopt(by).is_ok()),
        ("approve changes", state.may(by, &[Role::Approver]).is_ok()),
        ("register runs", state.may_register(by).is_ok()),
    ];
    asked.iter().filter(|(_, may)| *may).map(|(what, _)| *what).collect()
}

impl Report for Access {
    fn tell(&self) -> String {
        let Some(version) = &self.rules_version else {
            return "no rules are in force, so nobody is known; whoever adopts the first needs a name only"
                .to_owned();
        };
        let mut rows = table(&["name", "enabled", "roles", "may"]);
        for line in &self.people {
            let roles: Vec<&str> = line.roles.iter().map(|role| role.as_str()).collect();
            let enabled = if line.enabled { "yes" } else { "no" };
            rows.add_row([
                line.name.clone(),
                enabled.to_owned(),
                roles.join(", "),
                line.may.join(", "),
            ]);
        }
        format!("people of rules {version}, in force since entry {}\n{rows}", self.rules_seq)
    }
}
