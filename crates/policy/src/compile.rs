//! From documents to a rulebook: every document strict, every reference checked, every error with its place.

use crate::calendar::{CalendarDocument, CalendarError};
use crate::documents::{
    BooksDocument, ExecutionPoliciesDocument, GroupsDocument, HomeDocument, PeopleDocument,
    RiskEnvelopeDocument, StrategiesDocument, VenueLimitsRow, VenuesDocument,
};
use crate::flow::{EVERY, Permissions, RepeatThrottle};
use crate::{Hours, IncidentRules, Level, Role, Rulebook, decision_table, operator_bounds};
use fillwright_domain::{
    CalendarId, Decimal, Instrument, InstrumentId, NumberError, Qty, Ratio, StrategyId, VenueId,
};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// The documents as they were read: file name (as people should see it) and bytes.
#[derive(Debug, Clone, Default)]
pub struct Documents {
    /// `config/fillwright.json`.
    pub home: (String, Vec<u8>),
    /// `config/venues.json`.
    pub venues: (String, Vec<u8>),
    /// `config/venue_limits.csv`.
    pub venue_limits: (String, Vec<u8>),
    /// `config/strategies.json`.
    pub strategies: (String, Vec<u8>),
    /// `config/books.json`.
    pub books: (String, Vec<u8>),
    /// `config/groups.json`.
    pub groups: (String, Vec<u8>),
    /// `config/people.json`.
    pub people: (String, Vec<u8>),
    /// `config/policies/risk_envelope.json`.
    pub risk_envelope: (String, Vec<u8>),
    /// `config/policies/execution_policies.json`.
    pub execution_policies: (String, Vec<u8>),
    /// `config/policies/operator_bounds.json`, where there is one.
    pub operator_bounds: Option<(String, Vec<u8>)>,
    /// `config/policies/incident_rules.json`, where there is one.
    pub incident_rules: Option<(String, Vec<u8>)>,
    /// `config/policies/dra_decision_tables.json`, where there is one.
    pub decision_tables: Option<(String, Vec<u8>)>,
    /// `config/calendars/NAME.json`, by name.
    pub calendars: BTreeMap<CalendarId, (String, Vec<u8>)>,
}

/// What is wrong with a document, where, and what would be right.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Not the JSON that was expected; the source says line, column and field.
    #[error("{file}: is not a valid document")]
    Json {
        /// The file.
        file: String,
        /// What the parser met.
        source: serde_json::Error,
    },
    /// Not the table that was expected; the source says line and field.
    #[error("{file}: is not a valid table")]
    Csv {
        /// The file.
        file: String,
        /// What the parser met.
        source: csv::Error,
    },
    /// A calendar that cannot be compiled.
    #[error("{file}: is not a usable calendar")]
    Calendar {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: CalendarError,
    },
    /// A name that no document defines.
    #[error(
        "{file}: {place} names {name:?}, which no document defines; define it or correct the name"
    )]
    UnknownName {
        /// The file.
        file: String,
        /// The entry and field.
        place: String,
        /// The name.
        name: String,
    },
    /// A value outside what makes sense.
    #[error("{file}: {place} {problem}")]
    Value {
        /// The file.
        file: String,
        /// The entry and field.
        place: String,
        /// What is wrong and what would be right.
        problem: &'static str,
    },
    /// The same instrument twice.
    #[error("{file}: row {row}: {instrument_id} stands in an earlier row already; keep one")]
    Repeated {
        /// The file.
        file: String,
        /// The row, counted from 1 without the header.
        row: usize,
        /// The instrument.
        instrument_id: InstrumentId,
    },
}

/// Compiles documents into the rulebook they describe.
///
/// # Errors
///
/// The first document that cannot be read or does not fit the others, with file and place.
pub fn compile(documents: &Documents) -> Result<Rulebook, DocumentError> {
    let home: HomeDocument = json(&documents.home)?;
    let venues: VenuesDocument = json(&documents.venues)?;
    let strategies: StrategiesDocument = json(&documents.strategies)?;
    let books: BooksDocument = json(&documents.books)?;
    let people: PeopleDocument = json(&documents.people)?;
    let groups: GroupsDocument = json(&documents.groups)?;
    let envelope: RiskEnvelopeDocument = json(&documents.risk_envelope)?;
    let execution: ExecutionPoliciesDocument = json(&documents.execution_policies)?;
    let mut rulebook = Rulebook {
        version: home.version,
        partition: home.partition,
        environment: home.environment,
        venues: venues.venues,
        instruments: BTreeMap::new(),
        strategies: strategies.strategies,
        books: books.books,
        calendars: calendars(documents)?,
        execution: execution.execution(),
        people: people.people,
        envelope,
        bounds: documents.operator_bounds.as_ref().map(json).transpose()?,
        incident_rules: incident_rules(documents)?,
        decisions: documents.decision_tables.as_ref().map(json).transpose()?,
        groups: groups.instruments,
        flow: execution.flow,
    };
    rulebook.instruments = instruments(&documents.venue_limits, &rulebook)?;
    check_home(&rulebook, &documents.home.0)?;
    check_venues(&rulebook, &documents.venues.0)?;
    check_books(&rulebook, &documents.books.0)?;
    check_people(&rulebook, &documents.people.0)?;
    check_groups(&rulebook, &documents.groups.0)?;
    check_limits(&rulebook, &documents.risk_envelope.0)?;
    if let Some(((file, _), table)) =
        documents.decision_tables.as_ref().zip(rulebook.decisions.as_ref())
    {
        decision_table::check(table, file)?;
    }
    if let Some((file, _)) = &documents.operator_bounds {
        operator_bounds::check(&rulebook, file)?;
    }
    check_incident_rules(&rulebook, documents)?;
    check_flow(&rulebook, &documents.execution_policies.0)?;
    Ok(rulebook)
}

fn json<T: DeserializeOwned>((file, bytes): &(String, Vec<u8>)) -> Result<T, DocumentError> {
    serde_json::from_slice(bytes)
        .map_err(|source| DocumentError::Json { file: file.clone(), source })
}

fn calendars(documents: &Documents) -> Result<BTreeMap<CalendarId, Hours>, DocumentError> {
    let compiled = documents.calendars.iter().map(|(name, document)| {
        let calendar: CalendarDocument = json(document)?;
        let hours = calendar.compile();
        hours
            .map(|hours| (name.clone(), hours))
            .map_err(|source| DocumentError::Calendar { file: document.0.clone(), source })
    });
    compiled.collect()
}

fn instruments(
    (file, bytes): &(String, Vec<u8>),
    rulebook: &Rulebook,
) -> Result<BTreeMap<InstrumentId, Instrument>, DocumentError> {
    let mut instruments = BTreeMap::new();
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes.as_slice());
    for (index, row) in reader.deserialize().enumerate() {
        let row: VenueLimitsRow =
            row.map_err(|source| DocumentError::Csv { file: file.clone(), source })?;
        let instrument = instrument(row, file, rulebook)?;
        let instrument_id = instrument.instrument_id.clone();
        if instruments.insert(instrument_id.clone(), instrument).is_some() {
            return Err(DocumentError::Repeated {
                file: file.clone(),
                row: index + 1,
                instrument_id,
            });
        }
    }
    Ok(instruments)
}

fn instrument(
    row: VenueLimitsRow,
    file: &str,
    rulebook: &Rulebook,
) -> Result<Instrument, DocumentError> {
    let instrument_id = InstrumentId::of(row.venue.as_str(), &row.symbol);
    let Some(venue) = rulebook.venues.get(&row.venue) else {
        return Err(unknown(file, format!("{instrument_id}: venue"), row.venue.as_str()));
    };
    let calendar = row.calendar.unwrap_or_else(|| venue.calendar.clone());
    if !rulebook.calendars.contains_key(&calendar) {
        return Err(unknown(file, format!("{instrument_id}: calendar"), calendar.as_str()));
    }
    let instrument = Instrument {
        instrument_id,
        venue: row.venue,
        lot_size: row.lot_size,
        step_size: row.step_size,
        tick_size: row.tick_size,
        min_notional: row.min_notional,
        contract_size: row.contract_size,
        maker_fee: row.maker_fee,
        taker_fee: row.taker_fee,
        max_qty: row.max_qty,
        calendar,
        enabled: row.enabled.unwrap_or(true),
        updated_at: row.updated_at,
    };
    check_instrument(&instrument, file)?;
    Ok(instrument)
}

fn check_instrument(instrument: &Instrument, file: &str) -> Result<(), DocumentError> {
    let wrong = |field: &str, problem| {
        Err(DocumentError::Value {
            file: file.to_owned(),
            place: format!("{}: {field}", instrument.instrument_id),
            problem,
        })
    };
    if !instrument.lot_size.is_positive() {
        return wrong("lot_size", "must be above zero");
    }
    if !instrument.step_size.is_positive() {
        return wrong("step_size", "must be above zero");
    }
    if !instrument.tick_size.is_positive() {
        return wrong("tick_size", "must be above zero");
    }
    if !instrument.contract_size.is_positive() {
        return wrong("contract_size", "must be above zero");
    }
    if instrument.min_notional.is_negative() {
        return wrong("min_notional", "must not be negative");
    }
    if !lots_agree(instrument.lot_size, instrument.step_size).unwrap_or(false) {
        return wrong("step_size", "and lot_size must be multiples of one another");
    }
    if instrument.max_qty.is_some_and(|max| max < instrument.lot_size) {
        return wrong("max_qty", "must be at least one lot");
    }
    Ok(())
}

/// Whether one of the two steps is a multiple of the other, so that both can hold at once.
fn lots_agree(lot: Qty, step: Qty) -> Result<bool, NumberError> {
    let (small, large) = if lot < step { (lot, step) } else { (step, lot) };
    Ok(large.floor_to_lot(small)? == large)
}

fn check_home(rulebook: &Rulebook, file: &str) -> Result<(), DocumentError> {
    let known = ["offline", "paper", "live"].contains(&rulebook.environment.as_str());
    if !known {
        return Err(value(file, "environment", "must be offline, paper or live"));
    }
    if rulebook.partition.is_empty() {
        return Err(value(file, "partition", "must have a name"));
    }
    if rulebook.version.is_empty() {
        return Err(value(file, "version", "must have a name"));
    }
    Ok(())
}

fn check_venues(rulebook: &Rulebook, file: &str) -> Result<(), DocumentError> {
    for (name, venue) in &rulebook.venues {
        if !rulebook.calendars.contains_key(&venue.calendar) {
            return Err(unknown(file, format!("{name}: calendar"), venue.calendar.as_str()));
        }
    }
    Ok(())
}

fn check_books(rulebook: &Rulebook, file: &str) -> Result<(), DocumentError> {
    for (name, book) in &rulebook.books {
        if !rulebook.strategies.contains_key(&book.strategy_id) {
            return Err(unknown(file, format!("{name}: strategy_id"), book.strategy_id.as_str()));
        }
        if let Some(venue) =
            book.executors.keys().find(|venue| !rulebook.venues.contains_key(*venue))
        {
            return Err(unknown(file, format!("{name}: executors"), venue.as_str()));
        }
        if !book.equity.is_positive() {
            return Err(value(file, &format!("{name}: equity"), "must be above zero"));
        }
        if book.allocation.is_negative() {
            return Err(value(file, &format!("{name}: allocation"), "must not be negative"));
        }
    }
    Ok(())
}

fn check_groups(rulebook: &Rulebook, file: &str) -> Result<(), DocumentError> {
    let mut named = rulebook.groups.keys();
    match named.find(|name| !rulebook.instruments.contains_key(*name)) {
        Some(name) => Err(unknown(file, "instruments".to_owned(), name.as_str())),
        None => Ok(()),
    }
}

/// Every level must be of something that is there, and no limit below zero.
fn check_limits(rulebook: &Rulebook, file: &str) -> Result<(), DocumentError> {
    for (level, row) in rulebook.envelope.rows() {
        if !is_known(rulebook, level) {
            return Err(unknown(file, "a level".to_owned(), &level.to_string()));
        }
        if row.cap.is_some_and(Decimal::is_negative) {
            return Err(value(file, &format!("{level}: {}", row.name), "must not be negative"));
        }
    }
    Ok(())
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

/// Ending a stop takes two people, one of them with the role risk, and so does everything that follows from it: rules that
/// name fewer would lock the home.
fn check_people(rulebook: &Rulebook, file: &str) -> Result<(), DocumentError> {
    const PROBLEM: &str =
        "must name two enabled people who may end a stop, one of them with the role risk";
    let enabled = || rulebook.people.values().filter(|person| person.enabled);
    let may_ask =
        enabled().filter(|person| person.roles.iter().any(|role| Role::ENDS_STOPS.contains(role)));
    let has_risk = enabled().any(|person| person.roles.contains(&Role::Risk));
    if has_risk && may_ask.count() >= 2 { Ok(()) } else { Err(value(file, "people", PROBLEM)) }
}

/// The home's own rules, or the standard ones.
fn incident_rules(documents: &Documents) -> Result<IncidentRules, DocumentError> {
    documents.incident_rules.as_ref().map_or_else(|| Ok(IncidentRules::standard()), json)
}

fn check_incident_rules(rulebook: &Rulebook, documents: &Documents) -> Result<(), DocumentError> {
    let file = documents.incident_rules.as_ref().map_or("", |(file, _)| file);
    match rulebook.incident_rules.problem() {
        None => Ok(()),
        Some((place, problem)) => Err(value(file, &place, problem)),
    }
}

fn check_flow(rulebook: &Rulebook, file: &str) -> Result<(), DocumentError> {
    let flow = &rulebook.flow;
    for (strategy, venue, instrument) in flow.permissions.iter().flat_map(Permissions::iter) {
        let place = format!("flow.permissions: {strategy}");
        check_name(strategy.as_str(), &rulebook.strategies, file, &place)?;
        check_name(venue.as_str(), &rulebook.venues, file, &place)?;
        check_name(instrument.as_str(), &rulebook.instruments, file, &place)?;
    }
    for rule in flow.order_types.iter().flatten() {
        let place = "flow.order_types";
        let venue = rule.venue.as_ref().map_or(EVERY, VenueId::as_str);
        check_name(venue, &rulebook.venues, file, place)?;
        let strategy = rule.strategy.as_ref().map_or(EVERY, StrategyId::as_str);
        check_name(strategy, &rulebook.strategies, file, place)?;
    }
    let buckets = flow.message_rate.iter().flat_map(|rate| {
        [("venue", rate.venue), ("account", rate.account), ("strategy", rate.strategy)]
    });
    if let Some((name, _)) = buckets.clone().find(|(_, bucket)| bucket.reserve > bucket.burst) {
        let place = format!("flow.message_rate.{name}.reserve");
        return Err(value(file, &place, "must not be above the burst it is a part of"));
    }
    let most = RepeatThrottle::EXECUTIONS_MAX;
    if flow.repeat_throttle.is_some_and(|throttle| throttle.max_executions > most) {
        let place = "flow.repeat_throttle.max_executions";
        return Err(value(file, place, "must be at most 100000"));
    }
    let rate = flow.participation.and_then(|participation| participation.max_rate);
    if rate.is_some_and(Ratio::is_negative) {
        return Err(value(file, "flow.participation.max_rate", "must not be negative"));
    }
    Ok(())
}

/// Whether a name is one that a document defines, or stands for every one.
fn check_name<K: std::borrow::Borrow<str> + Ord, V>(
    name: &str,
    known: &BTreeMap<K, V>,
    file: &str,
    place: &str,
) -> Result<(), DocumentError> {
    if name == EVERY || known.contains_key(name) {
        Ok(())
    } else {
        Err(unknown(file, place.to_owned(), name))
    }
}

fn unknown(file: &str, place: String, name: &str) -> DocumentError {
    DocumentError::UnknownName { file: file.to_owned(), place, name: name.to_owned() }
}

fn value(file: &str, place: &str, problem: &'static str) -> DocumentError {
    DocumentError::Value { file: file.to_owned(), place: place.to_owned(), problem }
}
