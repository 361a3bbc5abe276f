using System.Data.Common;
using Dapper;
using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>What is said about sessions that are forgotten, and the rows of those that have nothing left. Takes part in the caller's transaction.</summary>
internal static class SessionsOut
{
    private const string Empty = """
        SELECT s.session FROM sessions s
        WHERE s.is_placeholder = 0 AND s.pinned_at IS NULL
          AND EXISTS (SELECT 1 FROM archived a WHERE a.org = s.org AND a.session_id = s.session_id)
          AND NOT EXISTS (SELECT 1 FROM exchanges e WHERE e.session = s.session)
          AND NOT EXISTS (SELECT 1 FROM session_nodes m WHERE m.session = s.session)
          AND NOT EXISTS (SELECT 1 FROM tool_calls t WHERE t.session = s.session)
        """;

    public static void Describe(SqliteConnection connection, DbTransaction transaction, Forgetting asked)
    {
        var sessions = connection.Query<(long Session, string Facts)>(
            "SELECT session, facts FROM sessions WHERE session IN @Sessions", new { asked.Sessions }, transaction).AsList();
        foreach (var (session, json) in sessions)
        {
            var facts = SessionFacts.Parse(json);
            facts.ForgetWords(asked.AskedAt);
            connection.Execute(
                """
                UPDATE sessions
                SET facts = @facts, name = @name, cwd = @cwd, metadata = @metadata, user_agent = @userAgent, pinned_at = NULL, pin_reason = NULL
                WHERE session = @session
                """,
                new
                {
                    session,
                    facts = facts.ToJson(),
                    name = facts[SessionFacts.Name],
                    cwd = facts[SessionFacts.Cwd],
                    metadata = facts.Metadata(),
                    userAgent = facts[SessionFacts.UserAgent],
                },
                transaction);
        }

        connection.Execute("UPDATE tool_calls SET arguments = NULL, name = NULL WHERE session IN @Sessions AND asked_at <= @AskedAt", new { asked.Sessions, asked.AskedAt }, transaction);
    }

    /// <param name="among">Null for all.</param>
    public static void Remove(SqliteConnection connection, DbTransaction transaction, IReadOnlyList<long>? among)
    {
        while (RemoveSome(connection, transaction, among))
        {
            // Who was named only by those that went may go now.
        }
    }

    private static bool RemoveSome(SqliteConnection connection, DbTransaction transaction, IReadOnlyList<long>? among)
    {
        var going = connection.Query<long>(
            // Of those that nobody asked to forget, one that others name stays until they go.
            among is null ? Empty + " AND s.named_by = (SELECT count(*) FROM sessions a WHERE a.merged_into = s.session)" : Empty + " AND s.session IN @among", new { among }, transaction).AsList();
        if (going.Count == 0)
        {
            return false;
        }

        connection.Execute(
            $"""
            {ArchivedSums.Hand("''")}
            WHERE s.session IN @going
            {ArchivedSums.Add};
            DELETE FROM archived WHERE (org, session_id) IN (SELECT org, session_id FROM sessions WHERE session IN @going);
            UPDATE sessions SET named_by = named_by - (SELECT count(*) FROM sessions c WHERE c.claimed_parent = sessions.session AND c.session IN @going)
            WHERE session IN (SELECT claimed_parent FROM sessions WHERE session IN @going);
            UPDATE sessions SET claimed_parent = NULL, parent = NULL, parent_resolution = 'unresolved'
            WHERE claimed_parent IN @going AND session NOT IN @going;
            DELETE FROM responses WHERE session IN @going AND response_id LIKE '{Meaning.Delegations.Prefix}%';
            UPDATE responses SET session = NULL WHERE session IN @going;
            DELETE FROM sessions WHERE merged_into IN @going;
            DELETE FROM parent_claims WHERE session IN @going;
            DELETE FROM sessions WHERE session IN @going;
            DELETE FROM sessions WHERE is_placeholder = 1 AND named_by = 0 AND merged_into IS NULL;
            """,
            new { going },
            transaction);
        return true;
    }
}
