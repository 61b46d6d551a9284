//! What does not fit together in documents that can each be read: names nobody defines, and values that make no sense.

use crate::flow::{EVERY, Permissions, RepeatThrottle};
use crate::route::Destination;
use crate::{
    Book, DocumentError, Documents, Level, Role, Rulebook, decision_table, operator_bounds,
};
use fillwright_domain::{
    BookId, BrokerId, Decimal, Instrument, InstrumentId, NumberError, Qty, Ratio, StrategyId,
    VenueId,
};
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

/// Everything that does not fit, document by document.
pub(crate) fn everything(rulebook: &Rulebook, documents: &Documents) -> Vec<DocumentError> {
    let of = |file: &str| Check { rulebook, file: file.to_owned(), found: Vec::new() };
    let optional =
        |document: &Option<(String, Vec<u8>)>| of(document.as_ref().map_or("", |(file, _)| file));
    let is_live = rulebook.environment.as_str() == "live";
    let execution_routes =
        if is_live { &documents.execution_routes_live } else { &documents.execution_routes };
    let checked = [
        of(&documents.venue_limits.0).instruments(),
        of(&documents.home.0).home(),
        of(&documents.venues.0).venues(),
        of(&documents.books.0).books(),
        of(&documents.people.0).people(),
        of(&documents.groups.0).groups(),
        of(&documents.risk_envelope.0).limits(),
        optional(&documents.decision_tables).decisions(),
        optional(&documents.operator_bounds).bounds(),
        optional(&documents.incident_rules).incident_rules(),
        of(&documents.execution_policies.0).flow(),
        optional(&documents.lanes).lanes(),
        optional(&documents.route_profiles).route_profiles(),
        optional(execution_routes).execution_routes(&documents.brokers),
    ];
    checked.into_iter().flatten().collect()
}

/// One document beside all the others.
struct Check<'a> {
    rulebook: &'a Rulebook,
    file: String,
    found: Vec<DocumentError>,
}

impl Check<'_> {
    /// A value that makes no sense.
    fn wrong(&mut self, place: impl Into<String>, problem: &'static str) {
        self.found.push(DocumentError::value(&self.file, place, problem));
    }

    /// A name that must be one of those defined. The same place is not told twice of the same name.
    fn known<K: Borrow<str> + Ord, V>(
        &mut self,
        place: impl Into<String>,
        name: &str,
        names: &BTreeMap<K, V>,
    ) {
        let place = place.into();
        let is_told = |error: &DocumentError| match error {
            DocumentError::UnknownName { place: at, name: of, .. } => *at == place && of == name,
            _ => false,
        };
        if !names.contains_key(name) && !self.found.iter().any(is_told) {
            self.found.push(DocumentError::unknown(&self.file, place, name));
        }
    }

    /// A name that must be one of those defined, or stand for every one.
    fn known_or_every<K: Borrow<str> + Ord, V>(
        &mut self,
        place: &str,
        name: &str,
        names: &BTreeMap<K, V>,
    ) {
        if name != EVERY {
            self.known(place, name, names);
        }
    }

    fn instruments(mut self) -> Vec<DocumentError> {
        let rules = self.rulebook;
        for instrument in rules.instruments.values() {
            let place = |field: &str| format!("{}: {field}", instrument.instrument_id);
            self.known(place("venue"), instrument.venue.as_str(), &rules.venues);
            // A calendar that is its venue's is told once, of the venue.
            let of_venue = rules.venues.get(&instrument.venue).map(|venue| &venue.calendar);
            if of_venue.is_some_and(|calendar| *calendar != instrument.calendar) {
                self.known(place("calendar"), instrument.calendar.as_str(), &rules.calendars);
            }
            for (field, problem) in problems_of(instrument) {
                self.wrong(place(field), problem);
            }
        }
        self.found
    }

    fn home(mut self) -> Vec<DocumentError> {
        let rules = self.rulebook;
        if !["offline", "paper", "live"].contains(&rules.environment.as_str()) {
            self.wrong("environment", "must be offline, paper or live");
        }
        if rules.partition.is_empty() {
            self.wrong("partition", "must have a name");
        }
        if rules.environment.as_str() == "live" && rules.lanes.sessions_waived {
            self.wrong("sessions_required", "cannot be false where environment is live");
        }
        if rules.version.is_empty() {
            self.wrong("version", "must have a name");
        }
        let is_digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        for build in &rules.builds {
            let is_hash = build.as_str().len() == 64 && build.as_str().chars().all(is_digit);
            if !is_hash {
                self.wrong("builds", "must be 64 hexadecimal digits: the SHA-256 of an executable");
            }
        }
        self.found
    }

    fn venues(mut self) -> Vec<DocumentError> {
        let rules = self.rulebook;
        for (name, venue) in &rules.venues {
            let place = format!("{name}: calendar");
            self.known(place, venue.calendar.as_str(), &rules.calendars);
        }
        self.found
    }

    fn books(mut self) -> Vec<DocumentError> {
        for (name, book) in &self.rulebook.books {
            self.book(name, book);
        }
        self.found
    }

    fn lanes(mut self) -> Vec<DocumentError> {
        let rules = self.rulebook;
        for (name, lane) in &rules.lanes.lanes {
            for strategy in &lane.admits {
                self.known(format!("{name}: admits"), strategy.as_str(), &rules.strategies);
            }
            if lane.capital_budget.is_negative() {
                self.wrong(format!("{name}: capital_budget"), "must not be negative");
            }
            if let Some(rule) = &lane.promotion {
                let place = format!("{name}: promotion: from");
                self.known(place, rule.from.as_str(), &rules.lanes.lanes);
            }
        }
        for strategy in rules.lanes.models.keys() {
            self.known("models", strategy.as_str(), &rules.strategies);
        }
        self.found
    }

    fn book(&mut self, name: &BookId, book: &Book) {
        let rules = self.rulebook;
        let place = |field: &str| format!("{name}: {field}");
        self.known(place("strategy_id"), book.strategy_id.as_str(), &rules.strategies);
        for venue in book.executors.keys() {
            self.known(place("executors"), venue.as_str(), &rules.venues);
        }
        if let Some(lane) = &book.lane {
            self.known(place("lane"), lane.as_str(), &rules.lanes.lanes);
        }
        if !book.equity.is_positive() {
            self.wrong(place("equity"), "must be above zero");
        }
        if book.allocation.is_negative() {
            self.wrong(place("allocation"), "must not be negative");
        }
    }

    /// Ending a stop takes two people, one of them with the role risk, and so does everything that follows from it: rules
    /// that name fewer would lock the home.
    fn people(mut self) -> Vec<DocumentError> {
        const PROBLEM: &str =
            "must name two enabled people who may end a stop, one of them with the role risk";
        let enabled = || self.rulebook.people.values().filter(|person| person.enabled);
        let may_ask = enabled()
            .filter(|person| person.roles.iter().any(|role| Role::ENDS_STOPS.contains(role)));
        let has_risk = enabled().any(|person| person.roles.contains(&Role::Risk));
        if !has_risk || may_ask.count() < 2 {
            self.wrong("people", PROBLEM);
        }
        self.found
    }

    fn groups(mut self) -> Vec<DocumentError> {
        let rules = self.rulebook;
        for name in rules.groups.keys() {
            self.known("instruments", name.as_str(), &rules.instruments);
        }
        self.found
    }

    /// Every level must be of something that is there, and no limit below zero.
    fn limits(mut self) -> Vec<DocumentError> {
        let rules = self.rulebook;
        let mut last = None;
        for (level, row) in rules.envelope.rows() {
            // A level has a row a limit, and is named once.
            if last.replace(level) != Some(level) && !is_known(rules, level) {
                let error = DocumentError::unknown(&self.file, "a level", &level.to_string());
                self.found.push(error);
            }
            if row.cap.is_some_and(Decimal::is_negative) {
                self.wrong(format!("{level}: {}", row.name), "must not be negative");
            }
        }
        self.found
    }

    fn decisions(mut self) -> Vec<DocumentError> {
        let tables = self.rulebook.decisions.iter();
        for (place, problem) in tables.flat_map(decision_table::problems) {
            self.wrong(place, problem);
        }
        self.found
    }

    fn bounds(mut self) -> Vec<DocumentError> {
        for (place, problem) in operator_bounds::problems(self.rulebook) {
            self.wrong(place, problem);
        }
        self.found
    }

    fn incident_rules(mut self) -> Vec<DocumentError> {
        for (place, problem) in self.rulebook.incident_rules.problems() {
            self.wrong(place, problem);
        }
        self.found
    }

    fn flow(mut self) -> Vec<DocumentError> {
        self.permissions();
        self.order_types();
        self.rates();
        self.found
    }

    fn route_profiles(mut self) -> Vec<DocumentError> {
        let rules = self.rulebook;
        let Some(routes) = &rules.routes else { return self.found };
        for (rule, row) in routes.profiles.selection.iter().zip(1..) {
            let place = format!("selection: row {row}");
            self.known(&place, rule.route_id.as_str(), &routes.profiles.profiles);
            let strategy = rule.strategy.as_ref().map_or(EVERY, StrategyId::as_str);
            self.known_or_every(&place, strategy, &rules.strategies);
            let venue = rule.venue.as_ref().map_or(EVERY, VenueId::as_str);
            self.known_or_every(&place, venue, &rules.venues);
            let instrument = rule.instrument.as_ref().map_or(EVERY, InstrumentId::as_str);
            self.known_or_every(&place, instrument, &rules.instruments);
        }
        self.found
    }

    /// What an environment maps must be a route, and lead to connections that are there.
    fn execution_routes(mut self, brokers: &BTreeSet<BrokerId>) -> Vec<DocumentError> {
        let rules = self.rulebook;
        let Some(policy) = &rules.routes else { return self.found };
        let paper = BrokerId::new(Destination::PAPER);
        let brokers = brokers.iter().chain([&paper]).map(|broker| (broker.clone(), ())).collect();
        for (route_id, destinations) in &policy.routes.routes {
            self.known("routes", route_id.as_str(), &policy.profiles.profiles);
            for destination in destinations {
                let place = format!("routes: {route_id}");
                self.known(&place, destination.broker.as_str(), &brokers);
                let venue = destination.venue.as_ref().map_or(EVERY, VenueId::as_str);
                self.known_or_every(&place, venue, &rules.venues);
            }
        }
        self.found
    }

    fn permissions(&mut self) {
        let rules = self.rulebook;
        for (strategy, venue, instrument) in
            rules.flow.permissions.iter().flat_map(Permissions::iter)
        {
            let place = format!("flow.permissions: {strategy}");
            self.known_or_every(&place, strategy.as_str(), &rules.strategies);
            self.known_or_every(&place, venue.as_str(), &rules.venues);
            self.known_or_every(&place, instrument.as_str(), &rules.instruments);
        }
    }

    fn order_types(&mut self) {
        let rules = self.rulebook;
        for rule in rules.flow.order_types.iter().flatten() {
            let venue = rule.venue.as_ref().map_or(EVERY, VenueId::as_str);
            self.known_or_every("flow.order_types", venue, &rules.venues);
            let strategy = rule.strategy.as_ref().map_or(EVERY, StrategyId::as_str);
            self.known_or_every("flow.order_types", strategy, &rules.strategies);
        }
    }

    fn rates(&mut self) {
        let flow = &self.rulebook.flow;
        let buckets = flow.message_rate.iter().flat_map(|rate| {
            [("venue", rate.venue), ("account", rate.account), ("strategy", rate.strategy)]
        });
        for (name, _) in buckets.filter(|(_, bucket)| bucket.reserve > bucket.burst) {
            let place = format!("flow.message_rate.{name}.reserve");
            self.wrong(place, "must not be above the burst it is a part of");
        }
        let most = RepeatThrottle::EXECUTIONS_MAX;
        if flow.repeat_throttle.is_some_and(|throttle| throttle.max_executions > most) {
            self.wrong("flow.repeat_throttle.max_executions", "must be at most 100000");
        }
        let rate = flow.participation.and_then(|participation| participation.max_rate);
        if rate.is_some_and(Ratio::is_negative) {
            self.wrong("flow.participation.max_rate", "must not be negative");
        }
    }
}

fn is_known(rulebook: &Rulebook, level: Level) -> bool {
    let mut instruments = rulebook.instruments.keys();
    match level {
        // Sessions bring lanes of their own.
        Level::Firm | Level::EverySector | Level::EveryCluster | Level::Lane(_) => true,
        Level::Account(name) => rulebook.books.values().any(|book| book.account == *name),
        Level::Strategy(name) => rulebook.strategies.contains_key(name),
        Level::Book(name) => rulebook.books.contains_key(name),
        Level::Instrument(name) => rulebook.instruments.contains_key(name),
        Level::Sector(name) => instruments.any(|id| rulebook.sector_of(id) == *name),
        Level::Cluster(name) => instruments.any(|id| rulebook.cluster_of(id) == *name),
    }
}

fn problems_of(instrument: &Instrument) -> impl Iterator<Item = (&'static str, &'static str)> {
    const ABOVE_ZERO: &str = "must be above zero";
    let lots = lots_agree(instrument.lot_size, instrument.step_size).unwrap_or(false);
    let smallest = instrument.lot_size;
    let steps = instrument.lot_size.is_positive() && instrument.step_size.is_positive();
    let found = [
        (!instrument.lot_size.is_positive()).then_some(("lot_size", ABOVE_ZERO)),
        (!instrument.step_size.is_positive()).then_some(("step_size", ABOVE_ZERO)),
        (!instrument.tick_size.is_positive()).then_some(("tick_size", ABOVE_ZERO)),
        (!instrument.contract_size.is_positive()).then_some(("contract_size", ABOVE_ZERO)),
        instrument.min_notional.is_negative().then_some(("min_notional", "must not be negative")),
        (steps && !lots).then_some(("step_size", "and lot_size must be multiples of one another")),
        instrument
            .max_qty
            .is_some_and(|max| max < smallest)
            .then_some(("max_qty", "must be at least one lot")),
    ];
    found.into_iter().flatten()
}

/// Whether one of the two steps is a multiple of the other, so that both can hold at once.
fn lots_agree(lot: Qty, step: Qty) -> Result<bool, NumberError> {
    let (small, large) = if lot < step { (lot, step) } else { (step, lot) };
    Ok(large.floor_to_lot(small)? == large)
}
