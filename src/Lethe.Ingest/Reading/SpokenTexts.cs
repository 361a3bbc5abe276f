using System.Data.Common;
using System.Text.Json;
using Dapper;
using Lethe.Capture.Chains;

namespace Lethe.Ingest.Reading;

/// <summary>An organisation's records, in one moment of the store.</summary>
internal sealed record StoreMoment(IReadConnections Connections, DbConnection Db, DbTransaction Snapshot, object Owner);

/// <summary>A piece of what was said in a call.</summary>
internal sealed record SpokenText(SearchPart Part, string Role, string? Tool, string Text);

/// <summary>
/// What an exchange was the first of its session to say: messages, the system prompt where it is another one than in the call before, and errors. It is
/// read anew for each search, so that nothing is shown that has gone or was another session's.
/// </summary>
internal static class SpokenTexts
{
    private const int MessagesMax = 1000;

    /// <summary>All that each of them was the first to say.</summary>
    public static IReadOnlyDictionary<Guid, List<SpokenText>> Of(StoreMoment at, IReadOnlyCollection<ExchangeRow> rows)
    {
        var texts = SaidIn(at, rows);
        foreach (var (id, system) in SystemsOf(at, rows))
        {
            texts[id].AddRange(system);
        }

        return texts;
    }

    /// <summary>Messages and errors.</summary>
    public static Dictionary<Guid, List<SpokenText>> SaidIn(StoreMoment at, IReadOnlyCollection<ExchangeRow> rows)
    {
        var told = rows.Where(HasWords).ToList();
        var messages = Messages(at, told);
        var texts = rows.ToDictionary(row => row.ExchangeId, _ => new List<SpokenText>());
        foreach (var row in told)
        {
            foreach (var message in messages[row.ExchangeId])
            {
                using var body = JsonDocument.Parse(message.Body);
                foreach (var block in MessageBlocks.Of(body.RootElement))
                {
                    Add(texts[row.ExchangeId], message.Role, block);
                }
            }

            if (row.Error is { } error && JsonSerializer.Deserialize(error, ExchangeRecordJson.Default.ErrorRecord) is { } failed)
            {
                Add(texts[row.ExchangeId], SearchPart.Errors, "error", null, string.Join(' ', new[] { failed.Type, failed.Code, failed.Message }.Where(word => word is { Length: > 0 })));
            }
        }

        return texts;
    }

    /// <summary>System prompts, where they are others than in the call before.</summary>
    public static Dictionary<Guid, List<SpokenText>> SystemsOf(StoreMoment at, IReadOnlyCollection<ExchangeRow> rows)
    {
        var told = rows.Where(row => HasWords(row) && row.SessionId is not null && row.SystemHash is not null).ToList();
        var before = told.Count == 0 ? new Dictionary<Guid, byte[]>() : at.Connections.SystemsBefore(at, told);
        var others = told.Where(row => !before.TryGetValue(row.ExchangeId, out var hash) || !hash.AsSpan().SequenceEqual(row.SystemHash)).ToList();
        var texts = rows.ToDictionary(row => row.ExchangeId, _ => new List<SpokenText>());
        foreach (var hash in others.Select(row => new NodeHash(row.SystemHash!)).Distinct())
        {
            var content = at.Db.ExecuteScalar<byte[]?>("SELECT content FROM blobs WHERE org = @Owner AND hash = @hash", new { at.Owner, hash = hash.ToArray() }, at.Snapshot);
            using var prompt = content is null ? null : JsonDocument.Parse(content);
            var text = MessageBlocks.TextOf(prompt?.RootElement);
            foreach (var row in others.Where(row => row.SystemHash.AsSpan().SequenceEqual(hash.Span)))
            {
                Add(texts[row.ExchangeId], SearchPart.System, "system", null, text);
            }
        }

        return texts;
    }

    private static bool HasWords(ExchangeRow row) => row.Content is not ("expired" or "erased");

    // Up from the leaves, a message of each call at a time: what stands before a message that an earlier call carried was carried by an earlier one too.
    private static Dictionary<Guid, Stack<MessageRow>> Messages(StoreMoment at, List<ExchangeRow> rows)
    {
        var messages = rows.ToDictionary(row => row.ExchangeId, _ => new Stack<MessageRow>());
        var wanted = rows
            .Where(row => row.SessionId is not null && row.LeafHash is not null)
            .Select(row => (row.ExchangeId, Session: row.SessionId!.Value, Hash: row.LeafHash!))
            .ToList();
        for (var i = 0; i < MessagesMax && wanted.Count > 0; i++)
        {
            var found = at.Connections.Messages(at, [.. wanted.Select(one => (one.Session, one.Hash))])
                .GroupBy(one => (one.Session, new NodeHash(one.Message.Hash)))
                .ToDictionary(group => group.Key, group => group.First().Message);
            var next = new List<(Guid ExchangeId, Guid Session, byte[] Hash)>();
            foreach (var (exchange, session, hash) in wanted)
            {
                if (found.TryGetValue((session, new NodeHash(hash)), out var message) && message.CarriedBy == exchange)
                {
                    messages[exchange].Push(message);
                    if (message.ParentHash is { } parent)
                    {
                        next.Add((exchange, session, parent));
                    }
                }
            }

            wanted = next;
        }

        return messages;
    }

    private static void Add(List<SpokenText> texts, string role, Block block)
    {
        switch (block)
        {
            case SaidBlock said:
                Add(texts, SearchPart.Said, role, null, said.Text);
                break;
            case ThoughtBlock thought:
                Add(texts, SearchPart.Said, role, null, thought.Text);
                break;
            case ToolUseBlock use:
                Add(texts, SearchPart.Tools, role, use.Name, $"{use.Name} {use.Id} {use.Arguments}");
                break;
            case ToolResultBlock result:
                Add(texts, SearchPart.Tools, "tool", null, result.Text);
                Add(texts, SearchPart.Errors, "tool", null, result.IsError == true ? result.Text : "");
                break;
            case OtherBlock other:
                Add(texts, SearchPart.Said, role, null, other.Json);
                break;
        }
    }

    private static void Add(List<SpokenText> texts, SearchPart part, string role, string? tool, string text)
    {
        if (text.Length > 0)
        {
            texts.Add(new SpokenText(part, role, tool, text));
        }
    }
}
