//! What each gate compared and said, in plain words with units.

use super::flow;
use crate::words;
use fillwright_domain::{
    ActionType, Ask, Decimal, Instrument, InstrumentId, Intent, Notional, Plane, Qty, Ratio, RunId,
    StrategyId, Text,
};
use fillwright_kernel::{Figures, Gate, Ruling, Verdict};
use fillwright_policy::{Book, DecisionRow, Rulebook};
use serde::Serialize;

/// One verdict.
#[derive(Debug, Serialize)]
pub(crate) struct GateLine {
    pub(crate) gate: Gate,
    /// `allowed`, `reduced`, `passed_by`, `denied` or `skipped`.
    pub(crate) ruling: &'static str,
    /// The code of a denial or skip.
    pub(crate) code: Option<&'static str>,
    pub(crate) sentence: String,
    pub(crate) asked: Option<Decimal>,
    pub(crate) limit: Option<Decimal>,
    pub(crate) unit: Option<&'static str>,
    /// The rule that decided: the level of the envelope, or the row of a table.
    pub(crate) rule: Option<String>,
    /// What the row of the table of decisions says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) because: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) flags: Vec<String>,
}

/// What a verdict is read against: the intent and the rules that applied.
pub(crate) struct Reading<'a> {
    pub(crate) intent: &'a Intent,
    pub(crate) strategy_id: Option<&'a StrategyId>,
    pub(crate) source_run: Option<&'a RunId>,
    pub(crate) rules: Option<&'a Rulebook>,
    pub(crate) rules_seq: u64,
}

/// Why a row decides so, and what it flags.
fn said_of(row: &DecisionRow) -> String {
    let flags: Vec<&str> = row.flags.iter().map(Text::as_str).collect();
    let flagged = match &flags[..] {
        [] => String::new(),
        flags => format!(" (flagged {})", flags.join(", ")),
    };
    format!(": {}{flagged}", row.reason)
}

impl Reading<'_> {
    /// One verdict in plain words.
    pub(crate) fn line(&self, verdict: &Verdict) -> GateLine {
        let compared = self.compared(verdict.gate, verdict.figures);
        let (ruling, code, ending) = self.ruling(verdict);
        // Without figures, what the gate looks at reads like a pass.
        let is_pass = matches!(verdict.ruling, Ruling::Allow | Ruling::Reduce { .. });
        let by_rule = verdict.rule.as_ref().map(|rule| format!(", at {rule}")).unwrap_or_default();
        let row = self.row(verdict);
        let by_row = row.map(said_of).unwrap_or_default();
        let ending = format!("{ending}{by_rule}{by_row}");
        let sentence = if is_pass || verdict.figures.is_some() {
            format!("{compared} — {ending}")
        } else {
            ending
        };
        GateLine {
            gate: verdict.gate,
            ruling,
            code,
            sentence,
            asked: verdict.figures.map(|figures| figures.asked),
            limit: verdict.figures.map(|figures| figures.limit),
            unit: verdict.figures.map(|_| self.unit(verdict.gate)),
            rule: verdict.rule.as_ref().map(ToString::to_string),
            because: row.map(|row| row.reason.to_string()),
            flags: row.iter().flat_map(|row| &row.flags).map(ToString::to_string).collect(),
        }
    }

    /// The row of the table of decisions that decided.
    fn row(&self, verdict: &Verdict) -> Option<&DecisionRow> {
        let id = verdict.rule.as_ref().filter(|_| verdict.gate == Gate::DecisionTable)?;
        let table = self.rules?.decisions.as_ref()?;
        table.rows.iter().find(|row| row.id == *id)
    }

    fn ruling(&self, verdict: &Verdict) -> (&'static str, Option<&'static str>, String) {
        match verdict.ruling {
            Ruling::Allow => ("allowed", None, "allowed".to_owned()),
            Ruling::Reduce { to } if verdict.gate == Gate::Precision => {
                ("reduced", None, format!("allowed, as {}", self.units(to)))
            }
            Ruling::Reduce { to } => ("reduced", None, format!("REDUCED to {}", self.units(to))),
            Ruling::Bypass if verdict.gate == Gate::KillSwitch => {
                let ending = "trading is halted there, but a safety exit may pass — PASSED BY";
                ("passed_by", None, ending.to_owned())
            }
            Ruling::Bypass => {
                let ending = "guards new risk only, and this is a safety exit — PASSED BY";
                ("passed_by", None, ending.to_owned())
            }
            Ruling::Deny { reason } => ("denied", Some(reason.code()), format!("DENIED: {reason}")),
            Ruling::Skip { reason } => {
                ("skipped", Some(reason.code()), format!("SKIPPED: {reason}"))
            }
        }
    }

    fn compared(&self, gate: Gate, figures: Option<Figures>) -> String {
        match (gate, figures) {
            (Gate::DataAge, Some(of)) => {
                format!(
                    "the quote is {} ms old, of at most {} ms",
                    plain(of.asked),
                    plain(of.limit)
                )
            }
            (Gate::Mapping, Some(of)) => self.mapped(of),
            (Gate::Sizing, Some(of)) => self.sized(of),
            (Gate::OrderNotional, Some(of)) => {
                format!("the order is worth {} of at most {} USD", usd(of.asked), usd(of.limit))
            }
            (Gate::OrderQuantity, Some(of)) => format!(
                "the order is {} of at most {}",
                self.units(Qty::new(of.asked)),
                plain(of.limit)
            ),
            (Gate::PositionLimit, Some(of)) => format!(
                "a position of {} of at most {}",
                self.units(Qty::new(of.asked)),
                plain(of.limit)
            ),
            (Gate::GrossExposure, Some(of)) => exposed("gross", of),
            (Gate::NetExposure, Some(of)) => exposed("net", of),
            (Gate::SectorExposure, Some(of)) => {
                exposed(&format!("sector {}", self.group(Rulebook::sector_of)), of)
            }
            (Gate::ClusterExposure, Some(of)) => {
                exposed(&format!("cluster {}", self.group(Rulebook::cluster_of)), of)
            }
            (Gate::OpenOrders, Some(of)) => {
                format!("{} at work with this one, of at most {}", plain(of.asked), plain(of.limit))
            }
            (Gate::Leverage, Some(of)) => self.leverage(of),
            (Gate::AssetExposure, Some(of)) => format!(
                "{} of at most {} of equity in {} ({} of {} USD)",
                self.share(of.asked),
                self.share(of.limit),
                self.intent.instrument_id,
                usd(of.asked),
                usd(of.limit)
            ),
            (Gate::CapitalPlan, Some(of)) => {
                format!("its session holds {} of at most {} USD", usd(of.asked), usd(of.limit))
            }
            (Gate::Precision, Some(of)) => self.precision(of),
            (gate, Some(of)) if flow::tells(gate) => flow::compared(gate, of),
            (gate, _) => self.plain(gate),
        }
    }

    /// What a gate that compares no figures looks at.
    fn plain(&self, gate: Gate) -> String {
        let intent = self.intent;
        match gate {
            Gate::Rulebook => match self.rules {
                Some(rules) => {
                    format!(
                        "rules {} are in force, adopted by entry {}",
                        rules.version, self.rules_seq
                    )
                }
                None => "rules in force".to_owned(),
            },
            Gate::Book => format!("{} is known and enabled", intent.book_id),
            Gate::Provenance => match self.source_run {
                Some(run) => format!("run {run} is in the registry of audited runs"),
                None => "the run behind it".to_owned(),
            },
            Gate::Strategy => match self.strategy_id {
                Some(strategy) => format!("{strategy} is enabled and owns the book"),
                None => "the strategy behind it".to_owned(),
            },
            Gate::Instrument => format!("{} is known and enabled", intent.instrument_id),
            Gate::Venue => self.venue(),
            Gate::TradingHours => match self.instrument() {
                Some(instrument) => {
                    format!("the market is open by calendar {}", instrument.calendar)
                }
                None => "the market is open".to_owned(),
            },
            Gate::Halt => "the market is not halted".to_owned(),
            Gate::Maintenance => "no maintenance".to_owned(),
            Gate::KillSwitch => "no kill switch is engaged there".to_owned(),
            Gate::Cooldown => "no cooldown".to_owned(),
            Gate::ReduceOnlyMode => "no mode holds it back, or it only reduces".to_owned(),
            Gate::BlockingIncident => "no open incident stops it".to_owned(),
            Gate::Lane => "its lane, where it has one, admits the strategy".to_owned(),
            Gate::Session => "a session runs, or none is needed".to_owned(),
            Gate::ModelStatus => "the model is fit for the lane, where there is one".to_owned(),
            Gate::CapitalPlan => "no session has the book, or it adds nothing".to_owned(),
            Gate::RegimeParity => "no aggressive long, no crisis, or let through".to_owned(),
            Gate::Mapping => self.direction(),
            Gate::Sizing => "sized by what it closes".to_owned(),
            Gate::DecisionTable => "no row of the table of decisions stands against it".to_owned(),
            Gate::PositionLimit
            | Gate::Leverage
            | Gate::AssetExposure
            | Gate::GrossExposure
            | Gate::NetExposure
            | Gate::SectorExposure
            | Gate::ClusterExposure => "adds nothing to the worst case".to_owned(),
            gate if flow::tells(gate) => flow::plain(gate).to_owned(),
            Gate::Schedule => "immediate, the whole plan as one order".to_owned(),
            _ => "nothing to compare".to_owned(),
        }
    }

    fn venue(&self) -> String {
        let executor = self.book().zip(self.instrument()).and_then(|(book, instrument)| {
            let plane = book.executors.get(&instrument.venue)?;
            Some(format!(
                "{} is enabled, and the book trades there {}",
                instrument.venue,
                on_plane(*plane)
            ))
        });
        executor.unwrap_or_else(|| "the venue".to_owned())
    }

    fn direction(&self) -> String {
        match self.intent.action() {
            ActionType::Add => {
                "adds in the direction of the position, or buys where there is none".to_owned()
            }
            ActionType::Reclaim => "buys back".to_owned(),
            action => action.as_str().replace('_', " "),
        }
    }

    fn mapped(&self, of: Figures) -> String {
        match &self.intent.ask {
            Ask::Execution(_) => format!(
                "closes {} of {} there to close",
                self.units(Qty::new(of.asked)),
                plain(of.limit)
            ),
            Ask::Rebalance(_) => format!(
                "the weight changes by {}; below {} is dust",
                words::percent(Ratio::new(of.asked)),
                words::percent(Ratio::new(of.limit))
            ),
        }
    }

    fn sized(&self, of: Figures) -> String {
        let whole = match &self.intent.ask {
            Ask::Execution(_) => "allocation",
            Ask::Rebalance(_) => "equity",
        };
        format!("worth {} of the book's {whole} of {} USD", usd(of.asked), usd(of.limit))
    }

    fn leverage(&self, of: Figures) -> String {
        let gross = format!("gross {} of {} USD", usd(of.asked), usd(of.limit));
        let own = self.intent.max_leverage().map(|cap| format!("; the intent's own cap is {cap}"));
        let own = own.unwrap_or_default();
        let multiples = self.book().and_then(|book| {
            let asked = words::multiple(Notional::new(of.asked), book.equity)?;
            let most = words::multiple(Notional::new(of.limit), book.equity)?;
            Some(format!("{asked} of at most {most} ({gross}{own})"))
        });
        multiples.unwrap_or(gross)
    }

    /// What part of the book's equity a figure is.
    fn share(&self, figure: Decimal) -> String {
        let share = self.book().and_then(|book| {
            Notional::new(figure).over(book.equity, fillwright_domain::Rounding::HalfEven).ok()
        });
        share.map_or_else(|| "an unknown part".to_owned(), words::percent)
    }

    fn precision(&self, of: Figures) -> String {
        let grid = self.instrument().map(|instrument| {
            let lot = instrument.lot_size.max(instrument.step_size);
            format!("in lots of {lot} and ticks of {}, ", instrument.tick_size)
        });
        format!(
            "{}worth {} USD of at least {}",
            grid.unwrap_or_default(),
            usd(of.asked),
            usd(of.limit)
        )
    }

    fn unit(&self, gate: Gate) -> &'static str {
        match (gate, &self.intent.ask) {
            (Gate::DataAge, _) => "ms",
            (Gate::Mapping, Ask::Execution(_)) | (Gate::OrderQuantity | Gate::PositionLimit, _) => {
                "units"
            }
            (Gate::OpenOrders, _) => "orders",
            (Gate::Mapping, Ask::Rebalance(_)) => "weight",
            (gate, _) if flow::tells(gate) => flow::unit(gate),
            _ => "USD",
        }
    }

    fn units(&self, qty: Qty) -> String {
        let symbol = self.intent.instrument_id.as_str();
        let symbol = symbol.split_once(':').map_or(symbol, |(_, symbol)| symbol);
        format!("{} {symbol}", words::quantity(qty))
    }

    /// The group of the instrument, as the rules name it.
    fn group(&self, of: impl Fn(&Rulebook, &InstrumentId) -> Text) -> String {
        let rules = self.rules.map(|rules| of(rules, &self.intent.instrument_id));
        rules.map_or_else(|| "unknown".to_owned(), |name| name.to_string())
    }

    fn book(&self) -> Option<&Book> {
        self.rules?.books.get(&self.intent.book_id)
    }

    fn instrument(&self) -> Option<&Instrument> {
        self.rules?.instruments.get(&self.intent.instrument_id)
    }
}

/// Where a plane realises orders, in plain words.
pub(crate) fn on_plane(plane: Plane) -> &'static str {
    match plane {
        Plane::Paper => "on paper",
        Plane::LiveStub => "through the live stub",
    }
}

fn exposed(kind: &str, of: Figures) -> String {
    format!("{kind} exposure of {} of at most {} USD", usd(of.asked), usd(of.limit))
}

fn usd(figure: Decimal) -> String {
    words::money(Notional::new(figure))
}

pub(super) fn plain(figure: Decimal) -> String {
    words::quantity(Qty::new(figure))
}
