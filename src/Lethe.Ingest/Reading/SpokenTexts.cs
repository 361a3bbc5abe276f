using System.Data.Common;
using System.Text.Json;
using Dapper;

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

    /// <param name="part">Only what is of it; null for all parts.</param>
    public static IReadOnlyList<SpokenText> Of(StoreMoment at, ExchangeRow row, SearchPart? part = null)
    {
        if (row.Content is "expired" or "erased")
        {
            return [];
        }

        var texts = new List<SpokenText>();
        if (row.SessionId is { } session)
        {
            if (part is not SearchPart.System)
            {
                AddMessages(texts, at, session, row);
            }

            if (part is null or SearchPart.System)
            {
                AddSystem(texts, at, session, row);
            }
        }

        if (part is null or SearchPart.Errors
            && row.Error is { } error
            && JsonSerializer.Deserialize(error, ExchangeRecordJson.Default.ErrorRecord) is { } told)
        {
            Add(texts, SearchPart.Errors, "error", null, string.Join(' ', new[] { told.Type, told.Code, told.Message }.Where(word => word is { Length: > 0 })));
        }

        return part is null ? texts : texts.FindAll(text => text.Part == part);
    }

    // Up from the leaf: what stands before a message that an earlier call carried was carried by an earlier one too.
    private static void AddMessages(List<SpokenText> texts, StoreMoment at, Guid session, ExchangeRow row)
    {
        var messages = new Stack<MessageRow>();
        for (var hash = row.LeafHash; hash is not null && messages.Count < MessagesMax;)
        {
            var message = at.Db.QueryFirstOrDefault<MessageRow>(
                "SELECT hash, parent_hash, depth, role, body, carried_at, carried_by FROM session_messages WHERE org = @Owner AND session_id = @session AND hash = @hash",
                new { at.Owner, session = at.Connections.SessionId(session), hash },
                at.Snapshot);
            if (message is null || message.CarriedBy != row.ExchangeId)
            {
                break;
            }

            messages.Push(message);
            hash = message.ParentHash;
        }

        foreach (var message in messages)
        {
            using var body = JsonDocument.Parse(message.Body);
            foreach (var block in MessageBlocks.Of(body.RootElement))
            {
                Add(texts, message.Role, block);
            }
        }
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

    private static void AddSystem(List<SpokenText> texts, StoreMoment at, Guid session, ExchangeRow row)
    {
        if (row.SystemHash is not { } hash)
        {
            return;
        }

        var before = at.Db.ExecuteScalar<byte[]?>(
            $"""
            SELECT system_hash FROM exchange_records
            WHERE {at.Connections.Unsought("org")} = @Owner AND session_id = @session AND captured_at <= @time AND (captured_at, exchange_id) < (@time, @id)
            ORDER BY captured_at DESC, exchange_id DESC LIMIT 1
            """,
            new { at.Owner, session = at.Connections.SessionId(session), time = row.CapturedAt, id = at.Connections.ExchangeId(row.ExchangeId) },
            at.Snapshot);
        if (before is null || !before.AsSpan().SequenceEqual(hash))
        {
            var content = at.Db.ExecuteScalar<byte[]?>("SELECT content FROM blobs WHERE org = @Owner AND hash = @hash", new { at.Owner, hash }, at.Snapshot);
            using var prompt = content is null ? null : JsonDocument.Parse(content);
            Add(texts, SearchPart.System, "system", null, MessageBlocks.TextOf(prompt?.RootElement));
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
