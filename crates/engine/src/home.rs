//! A home: the folder that holds one partition's `config/` and `data/`, laid out as the source documents lay them out.

use crate::ConfigFolder;
use fillwright_domain::{Text, hex};
use fillwright_intake::{AuditedRun, Refusal, registry};
use fillwright_journal::JournalOptions;
use fillwright_policy::{DocumentError, Documents, Rulebook, compile};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A home folder.
#[derive(Debug, Clone)]
pub struct Home {
    root: PathBuf,
}

/// Why a home cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// A file is missing or cannot be read.
    #[error("{file} cannot be read; `fillwright demo --home DIR` writes a complete example home")]
    Read {
        /// The file, below the home.
        file: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file or folder cannot be written.
    #[error("{file} cannot be written; check permissions and the disk")]
    Write {
        /// The file, below the home.
        file: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The policy documents do not make a rulebook.
    #[error(
        "the policy documents cannot be used; nothing was adopted (`fillwright policy check` tells all that is wrong)"
    )]
    Documents(#[from] DocumentError),
    /// The registry of audited runs is malformed.
    #[error("the registry of audited runs cannot be used: {0}")]
    Registry(Refusal),
    /// A file that must hold something else.
    #[error("{file} {problem}")]
    Content {
        /// The file, below the home.
        file: String,
        /// What is wrong and what would be right.
        problem: &'static str,
    },
}

impl Home {
    /// A home at this folder; nothing is read yet.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A path below the home.
    pub fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// `data/journal`.
    pub fn journal(&self) -> PathBuf {
        self.path("data/journal")
    }

    /// `data`.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// `data/inbox`: intents as `*.ndjson`, drift orders as `*.csv`.
    pub fn inbox(&self) -> PathBuf {
        self.path("data/inbox")
    }

    /// `data/portfolio_optimized_v3.json`.
    pub fn portfolio(&self) -> PathBuf {
        self.path("data/portfolio_optimized_v3.json")
    }

    /// `data/portfolio_actual_state.json`.
    pub fn actual_state(&self) -> PathBuf {
        self.path("data/portfolio_actual_state.json")
    }

    /// `data/market/quotes.ndjson`.
    pub fn quotes(&self) -> PathBuf {
        self.path("data/market/quotes.ndjson")
    }

    /// Reads and compiles the policy documents under `config/`.
    ///
    /// # Errors
    ///
    /// `HomeError` names the document and the place in it.
    pub fn rulebook(&self) -> Result<Rulebook, HomeError> {
        Ok(compile(&self.documents()?)?)
    }

    /// The policy documents as they stand under `config/`.
    ///
    /// # Errors
    ///
    /// `Read` names the document.
    pub fn documents(&self) -> Result<Documents, HomeError> {
        ConfigFolder::new(self.path("config"), "config").documents()
    }

    /// The files of a folder with this ending, by name; none where there is no such folder.
    ///
    /// # Errors
    ///
    /// `Read` where the folder cannot be listed.
    pub fn files(&self, folder: &str, ending: &str) -> Result<Vec<PathBuf>, HomeError> {
        files_in(&self.path(folder), ending)
            .map_err(|source| HomeError::Read { file: folder.to_owned(), source })
    }

    /// A document below the home: its name for messages, and its bytes.
    ///
    /// # Errors
    ///
    /// `Read` where it cannot be read.
    pub fn document(&self, below: &str) -> Result<(String, Vec<u8>), HomeError> {
        let bytes = fs::read(self.path(below))
            .map_err(|source| HomeError::Read { file: below.to_owned(), source })?;
        Ok((below.to_owned(), bytes))
    }

    /// A document below the home, or nothing where there is none.
    ///
    /// # Errors
    ///
    /// `Read` where it is there and cannot be read.
    pub fn optional_document(&self, below: &str) -> Result<Option<(String, Vec<u8>)>, HomeError> {
        match self.document(below) {
            Err(HomeError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(None)
            }
            document => document.map(Some),
        }
    }

    /// The registry of audited runs; empty where there is none, so that every intent is then refused.
    ///
    /// # Errors
    ///
    /// `Registry` where it is malformed.
    pub fn audited_runs(&self) -> Result<Vec<AuditedRun>, HomeError> {
        match self.optional_document("data/registry/audited_runs.json")? {
            None => Ok(Vec::new()),
            Some((name, bytes)) => {
                registry::read_registry(&name, &bytes).map_err(HomeError::Registry)
            }
        }
    }

    /// Which program this is: the SHA-256 of its executable, in hex.
    ///
    /// # Errors
    ///
    /// `Read` where the executable cannot be read.
    pub fn build(&self) -> Result<Text, HomeError> {
        // What runs, even where another file has taken its place since.
        const RUNNING: &str = "/proc/self/exe";
        let bytes = fs::read(RUNNING).or_else(|_| fs::read(std::env::current_exe()?));
        let bytes = bytes
            .map_err(|source| HomeError::Read { file: "the executable".to_owned(), source })?;
        Ok(Text::new(hex::write(&Sha256::digest(&bytes))))
    }

    /// How this home's journal is kept. The partition comes from `config/fillwright.json`; the signing key is made on
    /// first use and readable by its owner alone.
    ///
    /// # Errors
    ///
    /// `HomeError` where the configuration or the key cannot be read.
    pub fn journal_options(&self, partition: &Text) -> Result<JournalOptions, HomeError> {
        Ok(JournalOptions {
            build: concat!("fillwright ", env!("CARGO_PKG_VERSION")).to_owned(),
            signing_seed: Some(self.signing_seed()?),
            ..JournalOptions::new(partition.as_str())
        })
    }

    fn signing_seed(&self) -> Result<[u8; 32], HomeError> {
        const KEY: &str = "data/keys/journal.key";
        match self.optional_document(KEY)? {
            Some((file, bytes)) => hex::read(bytes.trim_ascii()).ok_or(HomeError::Content {
                file,
                problem: "must hold 64 hexadecimal digits; restore the key this journal was signed with",
            }),
            None => self.make_seed(KEY).map_err(|source| HomeError::Write { file: KEY.to_owned(), source }),
        }
    }

    fn make_seed(&self, key: &str) -> io::Result<[u8; 32]> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(io::Error::other)?;
        let path = self.path(key);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        writeln!(file, "{}", hex::write(&seed))?;
        file.sync_all()?;
        Ok(seed)
    }
}

/// The files of a folder with this ending, by name; none where there is no such folder.
pub(crate) fn files_in(folder: &Path, ending: &str) -> io::Result<Vec<PathBuf>> {
    let mut files = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        listed => listed?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?,
    };
    files.retain(|path| path.extension().is_some_and(|extension| extension == ending));
    files.sort();
    Ok(files)
}
