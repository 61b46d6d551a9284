//! The tree under check, as git and cargo describe it. Whatever they cannot tell is an error, never "nothing".

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fmt, fs, io};

use serde_json::Value;

/// The root of one checkout.
pub(crate) struct Workspace {
    root: PathBuf,
}

/// One file that git tracks.
pub(crate) struct TrackedFile {
    /// From the root, with forward slashes.
    pub(crate) path: String,
    /// `None` when the file is not UTF-8, as a fuzz corpus may be.
    pub(crate) text: Option<String>,
}

/// One member of the workspace.
pub(crate) struct Member {
    pub(crate) name: String,
    /// `Cargo.toml` of the member, from the root.
    pub(crate) manifest: String,
    pub(crate) manifest_text: String,
    pub(crate) dependencies: Vec<Dependency>,
}

/// One line of a member's manifest.
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// As cargo states it: `^1.2`, or `*` for a path.
    pub(crate) requirement: String,
    pub(crate) kind: Kind,
    pub(crate) origin: Origin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Normal,
    Dev,
    Build,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    Path,
    CratesIo,
    /// A git repository or a private registry.
    Elsewhere,
}

/// One package of the resolved graph, ours included.
pub(crate) struct Resolved {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) licence: Option<String>,
}

/// Why a check could not look. It then fails.
#[derive(Debug)]
pub(crate) enum CheckError {
    /// A program could not be started, or ended with an error.
    Tool {
        command: String,
        said: String,
    },
    Read {
        path: PathBuf,
        source: io::Error,
    },
    /// The program answered something this code does not know.
    Answer {
        command: String,
        missing: &'static str,
    },
}

impl fmt::Display for CheckError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tool { command, said } => write!(out, "`{command}` failed: {}", said.trim()),
            Self::Read { path, source } => {
                write!(out, "could not read {}: {source}", path.display())
            }
            Self::Answer { command, missing } => write!(out, "`{command}` did not tell {missing}"),
        }
    }
}

impl Workspace {
    /// The checkout this program was built from.
    pub(crate) fn here() -> Self {
        let xtask = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        Self { root: xtask.parent().map_or_else(|| xtask.clone(), Path::to_path_buf) }
    }

    #[cfg(test)]
    pub(crate) fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    pub(crate) fn read(&self, relative: &str) -> Result<String, CheckError> {
        let path = self.path(relative);
        fs::read_to_string(&path).map_err(|source| CheckError::Read { path, source })
    }

    /// Every tracked file that is still there; a deletion not yet committed has no content to check.
    pub(crate) fn tracked_files(&self) -> Result<Vec<TrackedFile>, CheckError> {
        let listing = self.run("git", &["ls-files", "-z"])?;
        let paths: Vec<&str> = listing.split('\0').filter(|path| !path.is_empty()).collect();
        if paths.is_empty() {
            return Err(CheckError::Answer {
                command: "git ls-files -z".into(),
                missing: "any tracked file",
            });
        }
        paths
            .into_iter()
            .filter(|path| self.path(path).is_file())
            .map(|path| self.tracked_file(path))
            .collect()
    }

    fn tracked_file(&self, relative: &str) -> Result<TrackedFile, CheckError> {
        let path = self.path(relative);
        let bytes = fs::read(&path).map_err(|source| CheckError::Read { path, source })?;
        Ok(TrackedFile { path: relative.to_owned(), text: String::from_utf8(bytes).ok() })
    }

    /// The workspace's own crates, with what their manifests ask for.
    pub(crate) fn members(&self) -> Result<Vec<Member>, CheckError> {
        let metadata = self.metadata(&["--no-deps"])?;
        let packages = list(&metadata, "packages")?;
        packages.iter().map(|package| self.member(package)).collect()
    }

    /// Every package any member can pull in, on any platform, with any feature.
    pub(crate) fn resolved(&self) -> Result<Vec<Resolved>, CheckError> {
        let metadata = self.metadata(&["--locked", "--all-features"])?;
        list(&metadata, "packages")?.iter().map(resolved).collect()
    }

    fn member(&self, package: &Value) -> Result<Member, CheckError> {
        let manifest = PathBuf::from(string(package, "manifest_path")?);
        let root = self
            .root
            .canonicalize()
            .map_err(|source| CheckError::Read { path: self.root.clone(), source })?;
        let relative = manifest.strip_prefix(&root).or_else(|_| manifest.strip_prefix(&self.root));
        let relative = relative.map_err(|_| unknown("a manifest under the workspace's root"))?;
        let relative = relative.to_string_lossy().replace('\\', "/");
        Ok(Member {
            name: string(package, "name")?,
            manifest_text: self.read(&relative)?,
            manifest: relative,
            dependencies: list(package, "dependencies")?
                .iter()
                .map(dependency)
                .collect::<Result<_, _>>()?,
        })
    }

    fn metadata(&self, options: &[&str]) -> Result<Value, CheckError> {
        let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".into());
        let answer =
            self.run(&cargo, &[&["metadata", "--format-version", "1"], options].concat())?;
        serde_json::from_str(&answer).map_err(|_| unknown("JSON"))
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<String, CheckError> {
        let failed = |said: String| CheckError::Tool {
            command: format!("{program} {}", arguments.join(" ")),
            said,
        };
        let output = Command::new(program)
            .args(arguments)
            .current_dir(&self.root)
            .output()
            .map_err(|error| failed(error.to_string()))?;
        if !output.status.success() {
            return Err(failed(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        String::from_utf8(output.stdout).map_err(|_| failed("its answer is not UTF-8".into()))
    }
}

fn resolved(package: &Value) -> Result<Resolved, CheckError> {
    Ok(Resolved {
        name: string(package, "name")?,
        version: string(package, "version")?,
        licence: package["license"].as_str().map(str::to_owned),
    })
}

fn dependency(value: &Value) -> Result<Dependency, CheckError> {
    let kind = match value["kind"].as_str() {
        None => Kind::Normal,
        Some("dev") => Kind::Dev,
        Some("build") => Kind::Build,
        Some(_) => return Err(unknown("a known kind of dependency")),
    };
    let origin = match value["source"].as_str() {
        None => Origin::Path,
        Some("registry+https://github.com/rust-lang/crates.io-index") => Origin::CratesIo,
        Some(_) => Origin::Elsewhere,
    };
    Ok(Dependency {
        name: string(value, "name")?,
        requirement: string(value, "req")?,
        kind,
        origin,
    })
}

fn string(value: &Value, key: &'static str) -> Result<String, CheckError> {
    value[key].as_str().map(str::to_owned).ok_or_else(|| unknown(key))
}

fn list<'a>(value: &'a Value, key: &'static str) -> Result<&'a Vec<Value>, CheckError> {
    value[key].as_array().ok_or_else(|| unknown(key))
}

fn unknown(missing: &'static str) -> CheckError {
    CheckError::Answer { command: "cargo metadata".into(), missing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_does_not_exist_is_an_error() {
        let refused =
            Workspace::here().run("no-such-program", &["--version"]).expect_err("it cannot start");
        assert!(refused.to_string().starts_with("`no-such-program --version` failed"), "{refused}");
    }

    #[test]
    fn a_program_that_fails_is_an_error_with_what_it_said() {
        let refused = Workspace::here().run("git", &["no-such-command"]).expect_err("git refuses");
        assert!(refused.to_string().contains("no-such-command"), "{refused}");
    }

    #[test]
    fn a_directory_without_a_repository_is_an_error() {
        assert!(Workspace::at("/").tracked_files().is_err());
    }

    #[test]
    fn a_git_dependency_is_from_elsewhere() {
        let value = serde_json::json!({"name": "a", "req": "*", "kind": null, "source": "git+https://example.org/a"});
        let dependency = dependency(&value).expect("a known shape");
        assert_eq!((dependency.kind, dependency.origin), (Kind::Normal, Origin::Elsewhere));
    }

    #[test]
    fn an_unknown_answer_is_an_error() {
        assert!(
            dependency(&serde_json::json!({"name": "a", "req": "*", "kind": "novel"})).is_err()
        );
        assert!(dependency(&serde_json::json!({"req": "*"})).is_err());
        assert!(list(&serde_json::json!({}), "packages").is_err());
    }
}
