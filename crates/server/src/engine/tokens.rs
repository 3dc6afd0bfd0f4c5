//! Agent tokens are made and ended (control-plane.md §2.3).

use uuid::Uuid;

use super::{Change, Context, Failure, Wrong};
use crate::secret::TokenHash;
use crate::store::{AgentToken, TokensTable};

/// Stores a new token, of which the caller keeps the text.
pub(crate) struct IssueToken {
    /// Its hash.
    pub hash: TokenHash,
    /// What it is for.
    pub description: String,
}

impl Change for IssueToken {
    type Reply = AgentToken;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<AgentToken, Failure> {
        let token = AgentToken {
            id: Uuid::now_v7().to_string(),
            description: self.description.clone(),
            created_at: cx.now,
            revoked_at: None,
        };
        TokensTable::insert(cx.db().await?, &token, &self.hash).await?;
        Ok(token)
    }
}

/// Ends a token: it registers no more agents, those that are here stay.
pub(crate) struct RevokeToken(pub String);

impl Change for RevokeToken {
    type Reply = ();

    async fn apply(&self, cx: &mut Context<'_>) -> Result<(), Failure> {
        let now = cx.now;
        if TokensTable::revoke(cx.db().await?, &self.0, now).await? {
            return Ok(());
        }
        Err(Wrong::NotFound.because(format_args!("There is no valid agent token {}", self.0)).into())
    }
}

/// Lists all tokens.
pub(crate) struct ListTokens;

impl Change for ListTokens {
    type Reply = Vec<AgentToken>;

    async fn apply(&self, cx: &mut Context<'_>) -> Result<Vec<AgentToken>, Failure> {
        Ok(TokensTable::all(cx.db().await?).await?)
    }
}
