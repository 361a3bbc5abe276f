using System.Text;
using System.Text.Json;
using Dapper;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>All that a store says, in one text: equal texts are equal states, whatever the row numbers.</summary>
internal static class StoreState
{
    // What the readers do not show, or show of single rows only.
    private static readonly string[] Rows =
    [
        """
        SELECT s.session_id, s.facts, s.is_placeholder, c.session_id, p.session_id, s.claim_harness_id, s.claim_session_id, s.parent_resolution
        FROM sessions s LEFT JOIN sessions c ON c.session = s.claimed_parent LEFT JOIN sessions p ON p.session = s.parent
        """,
        """
        SELECT s.session_id, c.parent_harness_id, c.parent_session_id, c.first_claimed_at, c.first_claimed_by, c.last_claimed_at, c.last_claimed_by
        FROM parent_claims c JOIN sessions s ON s.session = c.session
        """,
        "SELECT o.org_id, n.hash, p.hash, n.depth, n.role, n.body FROM nodes n JOIN orgs o ON o.org = n.org LEFT JOIN nodes p ON p.node = n.parent",
        "SELECT s.session_id, n.hash FROM session_nodes m JOIN sessions s ON s.session = m.session JOIN nodes n ON n.node = m.node",
        "SELECT o.org_id, b.hash, b.content FROM blobs b JOIN orgs o ON o.org = b.org",
        """
        SELECT s.session_id, t.call_id, t.name, t.arguments, t.asked_at, t.asked_by, t.is_error, t.answered_at, t.answered_by
        FROM tool_calls t JOIN sessions s ON s.session = t.session
        """,
        "SELECT o.org_id, r.commit_key, r.content_hash, r.exchange_id FROM receipts r JOIN orgs o ON o.org = r.org",
        """
        SELECT e.exchange_id, s.session_id, e.has_reply, e.is_turn, e.retry_key, e.prompt_length, e.previous_response_id, e.prompt_id, e.request_kind
        FROM exchanges e LEFT JOIN sessions s ON s.session = e.own_session
        """,
    ];

    public static string Of(TestStore store)
    {
        var reader = store.Reader;
        var text = new StringBuilder();
        foreach (var session in reader.Sessions(new SessionFilter()).OrderBy(session => session.SessionId, StringComparer.Ordinal))
        {
            text.AppendLine(JsonSerializer.Serialize(session));
        }

        foreach (var record in reader.Exchanges(new ExchangeFilter()))
        {
            text.AppendLine(JsonSerializer.Serialize(record with { Replayed = false }, ExchangeRecordJson.Default.ExchangeRecord));
        }

        foreach (var query in Rows)
        {
            var rows = store.Connection.Query(query).Select(row => string.Join(' ', ((IDictionary<string, object?>)row).Values.Select(Text)));
            text.AppendJoin('\n', rows.Order(StringComparer.Ordinal)).AppendLine();
        }

        return text.ToString();
    }

    private static string Text(object? value) => value is byte[] bytes ? Convert.ToHexStringLower(bytes) : $"{value ?? "-"}";
}
