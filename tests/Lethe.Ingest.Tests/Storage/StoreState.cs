using System.Text;
using System.Text.Json;
using Dapper;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>All that a store says, in one text: equal texts are equal states, whatever the row numbers.</summary>
internal static class StoreState
{
    public static string Of(TestStore store)
    {
        var reader = store.Reader;
        var text = new StringBuilder();
        foreach (var session in reader.Sessions(new SessionFilter()).OrderBy(session => session.SessionId, StringComparer.Ordinal))
        {
            text.AppendLine(JsonSerializer.Serialize(session));
            foreach (var claim in reader.Session(session.SessionId)!.Claims)
            {
                text.AppendLine(JsonSerializer.Serialize(claim));
            }
        }

        foreach (var record in reader.Exchanges(new ExchangeFilter()))
        {
            text.AppendLine(JsonSerializer.Serialize(record with { Replayed = false }, ExchangeRecordJson.Default.ExchangeRecord));
        }

        foreach (var row in store.Connection.Query<string>(
            """
            SELECT s.session_id || ' ' || lower(hex(n.hash)) || ' ' || n.depth
            FROM session_nodes m JOIN sessions s ON s.session = m.session JOIN nodes n ON n.node = m.node
            UNION ALL
            SELECT s.session_id || ' ' || t.call_id || ' ' || coalesce(hex(t.asked_by), '-') || ' ' || coalesce(hex(t.answered_by), '-')
            FROM tool_calls t JOIN sessions s ON s.session = t.session
            ORDER BY 1
            """))
        {
            text.AppendLine(row);
        }

        return text.ToString();
    }
}
