//! `redkite token`: the tokens agents register with. Works with and without a running server.

use std::path::{Path, PathBuf};

use redkite_scheduler::Time;
use uuid::Uuid;

use super::{Failure, output};
use crate::admin::{AdminClient, AdminError, NewToken, TokenRequest};
use crate::data_folder::DataFolder;
use crate::secret::Secret;
use crate::store::{AgentToken, Connection, Database, TokensTable};

/// What is done with tokens.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Make a token and print it: it is shown this once only
    Create(Create),
    /// List all tokens, without the tokens themselves
    List(List),
    /// End a token: it registers no more agents; those that are connected stay
    Revoke(Revoke),
}

/// Make a token.
#[derive(Debug, clap::Args)]
pub(super) struct Create {
    /// The server's data folder
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// What the token is for
    #[arg(long, value_name = "TEXT", default_value = "")]
    description: String,
}

/// List tokens.
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// The server's data folder
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// End a token.
#[derive(Debug, clap::Args)]
pub(super) struct Revoke {
    /// The server's data folder
    #[arg(long, value_name = "FOLDER")]
    data: PathBuf,
    /// The token's id, as `redkite token list` shows it
    id: String,
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Create(args) => create(&args),
        Command::List(args) => list(&args),
        Command::Revoke(args) => revoke(&args),
    }
}

fn create(args: &Create) -> Result<(), Failure> {
    let new = match Place::find(&args.data)? {
        Place::Server(server) => {
            server.post("tokens", &TokenRequest { description: args.description.clone() })?
        }
        Place::Folder(folder) => folder.create(&args.description)?,
    };
    output::note(format_args!("Token {} is shown once:", new.token.id));
    output::line(new.secret)
}

fn list(args: &List) -> Result<(), Failure> {
    let tokens = match Place::find(&args.data)? {
        Place::Server(server) => server.get("tokens")?,
        Place::Folder(folder) => folder.list()?,
    };
    if args.json {
        return output::json(&tokens);
    }
    tokens.iter().try_for_each(|token: &AgentToken| {
        let state = if token.revoked_at.is_some() { "revoked" } else { "valid" };
        output::line(format_args!("{}  {state:<7}  {}  {}", token.id, token.created_at, token.description))
    })
}

fn revoke(args: &Revoke) -> Result<(), Failure> {
    match Place::find(&args.data)? {
        Place::Server(server) => Ok(server.post(&format!("tokens/{}/revoke", args.id), &())?),
        Place::Folder(folder) => folder.revoke(&args.id),
    }
}

/// Where tokens are changed: in the server that runs, or in the folder itself when none does.
enum Place {
    Server(AdminClient),
    Folder(Offline),
}

impl Place {
    fn find(data: &Path) -> Result<Self, Failure> {
        match AdminClient::connect(data) {
            Ok(server) => Ok(Self::Server(server)),
            Err(AdminError::NotRunning(_)) => Offline::open(data).map(Self::Folder),
            Err(other) => Err(other.into()),
        }
    }
}

/// A data folder without a server; nobody else can take it in the meantime.
struct Offline {
    folder: DataFolder,
    runtime: tokio::runtime::Runtime,
}

impl Offline {
    fn open(data: &Path) -> Result<Self, Failure> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
        Ok(Self { folder: DataFolder::open(data)?, runtime })
    }

    fn create(&self, description: &str) -> Result<NewToken, Failure> {
        let secret = Secret::random("bkct_");
        let token = AgentToken {
            id: Uuid::now_v7().to_string(),
            description: description.to_owned(),
            created_at: now(),
            revoked_at: None,
        };
        self.runtime.block_on(async {
            TokensTable::insert(&mut self.connect().await?, &token, &secret.hash())
                .await
                .map_err(Failure::from)
        })?;
        Ok(NewToken { token, secret: secret.expose().to_owned() })
    }

    fn list(&self) -> Result<Vec<AgentToken>, Failure> {
        self.runtime.block_on(async { Ok(TokensTable::all(&mut self.connect().await?).await?) })
    }

    fn revoke(&self, id: &str) -> Result<(), Failure> {
        let revoked: Result<bool, Failure> = self
            .runtime
            .block_on(async { Ok(TokensTable::revoke(&mut self.connect().await?, id, now()).await?) });
        if revoked? { Ok(()) } else { Err(Failure::NotFound(format!("there is no valid agent token {id}"))) }
    }

    async fn connect(&self) -> Result<Connection, Failure> {
        let database = Database::open(&self.folder.paths().database()).await?;
        Ok(database.writer().await?)
    }
}

fn now() -> Time {
    jiff::Timestamp::now().into()
}
