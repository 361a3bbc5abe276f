using System.Data.Common;
using System.Text;
using System.Text.Json;
using Dapper;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Tests.Storage;

/// <summary>All that a store says, in one text: equal texts are equal states, whatever the row numbers.</summary>
internal static class StoreState
{
    /// <param name="rows">Queries for what the readers do not show, or show of single rows only.</param>
    public static string Of(StoreReader reader, DbConnection connection, IEnumerable<string> rows)
    {
        var text = new StringBuilder();
        foreach (var org in Hostile.Orgs)
        {
            foreach (var session in reader.Sessions(org, new SessionFilter()).OrderBy(session => session.SessionId, StringComparer.Ordinal))
            {
                text.AppendLine(JsonSerializer.Serialize(session));
                text.AppendLine(JsonSerializer.Serialize(reader.Session(org, session.SessionId)));
            }

            foreach (var record in reader.Exchanges(org, new ExchangeFilter()))
            {
                text.AppendLine(JsonSerializer.Serialize(record with { Replayed = false }, ExchangeRecordJson.Default.ExchangeRecord));
            }
        }

        foreach (var query in rows)
        {
            var found = connection.Query(query).Select(row => string.Join(' ', ((IDictionary<string, object?>)row).Values.Select(Text)));
            text.AppendJoin('\n', found.Order(StringComparer.Ordinal)).AppendLine();
        }

        return text.ToString();
    }

    private static string Text(object? value) => value switch
    {
        byte[] bytes => Convert.ToHexStringLower(bytes),
        Guid id => id.ToString("N"),
        _ => $"{value ?? "-"}".Replace("-", "", StringComparison.Ordinal),
    };
}
