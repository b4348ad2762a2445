use std::{
    collections::BTreeMap,
    env,
    ffi::OsString,
    fmt,
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use zeroize::Zeroizing;

use super::{Setting, SettingError, dotenv, spelling, table};

/// No secret of ours is longer, and `/dev/zero` is no secret.
const LARGEST_SECRET: u64 = 64 * 1024;

/// Variables by name: the process environment over `.env`.
pub struct Vars(BTreeMap<String, String>);

impl Vars {
    /// The process environment over the `.env` of the working directory, if there is one.
    ///
    /// # Errors
    /// A `.env` that cannot be read, or a setting that is not UTF-8.
    pub fn from_process() -> Result<Self, SettingError> {
        Self::layered(env::vars_os(), Path::new(".env"))
    }

    /// An environment over a `.env` file, which need not exist. A variable that the environment has wins even when it
    /// is empty, so that it can unset what the file sets.
    ///
    /// # Errors
    /// As for [`Vars::from_process`].
    pub fn layered(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        dotenv: &Path,
    ) -> Result<Self, SettingError> {
        let mut vars = dotenv::read(dotenv)?;
        for (name, value) in environment {
            let Ok(name) = name.into_string() else {
                continue;
            };
            match value.into_string() {
                Ok(value) => drop(vars.insert(name, value)),
                Err(_) if table::is_ours(&name) => return Err(SettingError::NotUtf8(name)),
                Err(_) => {}
            }
        }
        Ok(Self(vars))
    }

    /// Exactly these variables, and nothing of the process.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        Self(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// The value without white space around it; an empty one counts as unset.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// The settings that others set otherwise.
    #[must_use]
    pub fn changed(&self, others: &Self) -> Vec<&'static str> {
        let differs = |name: &str| self.get(name) != others.get(name);
        let settings = table::SETTINGS.iter();
        settings.filter(|s| differs(s.name) || differs(&s.file_name())).map(|setting| setting.name).collect()
    }

    /// Refuses what looks like a setting and is none: a typing error must not start a server with a default.
    pub(super) fn refuse_unknown(&self) -> Result<(), SettingError> {
        let unknown = |name: &&String| table::is_ours(name) && !table::is_known(name);
        self.0
            .keys()
            .find(unknown)
            .map_or(Ok(()), |name| Err(SettingError::Unknown { name: name.clone(), meant: spelling::nearest(name) }))
    }

    /// A setting's value, or its default.
    pub(super) fn setting<T>(
        &self,
        setting: &Setting,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, SettingError> {
        let text = self.get(setting.name).or(setting.default);
        parse(text.unwrap_or_default()).ok_or_else(|| setting.wrong())
    }

    /// A setting's value, if it is set.
    pub(super) fn optional<T>(
        &self,
        setting: &Setting,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, SettingError> {
        self.get(setting.name).map(|text| parse(text).ok_or_else(|| setting.wrong())).transpose()
    }

    /// A secret's value, if it or its `_FILE` is set.
    pub(super) fn secret<T>(
        &self,
        setting: &Setting,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, SettingError> {
        let name = setting.name;
        let Some(path) = self.get(&setting.file_name()) else {
            return self.optional(setting, parse);
        };
        if self.get(name).is_some() {
            return Err(SettingError::Both(name));
        }
        let unusable = |reason: String| SettingError::File { name, reason };
        let text = read_secret(path).map_err(|error| unusable(error.to_string()))?;
        match text.trim() {
            // Not the same as unset: a secret that was not delivered must not select the embedded database.
            "" => Err(unusable("it is empty".to_owned())),
            text => parse(text).map(Some).ok_or_else(|| setting.wrong()),
        }
    }
}

/// Names only: some of the values are secret.
impl fmt::Debug for Vars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn read_secret(path: &str) -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::new());
    File::open(path)?.take(LARGEST_SECRET).read_to_string(&mut text)?;
    Ok(text)
}
