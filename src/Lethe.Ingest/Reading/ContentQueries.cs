using System.Text.Json;
using Dapper;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>Prompts, tools and messages by their hash, and what could not be stored.</summary>
internal static class ContentQueries
{
    private const int HashHexLength = 64;

    public static byte[]? Blob(IReadConnections connections, string org, string hash)
    {
        using var connection = connections.Open();
        return connections.Org(connection.Db, org) is { } owner && Bytes(hash) is { } bytes
            ? connection.Db.ExecuteScalar<byte[]?>("SELECT content FROM blobs WHERE org = @owner AND hash = @bytes", new { owner, bytes })
            : null;
    }

    public static ConversationMessage? Message(IReadConnections connections, string org, string hash)
    {
        using var connection = connections.Open();
        return connections.Org(connection.Db, org) is { } owner && Bytes(hash) is { } bytes
            ? connection.Db.QueryFirstOrDefault<MessageRow>(
                "SELECT hash, parent_hash, depth, role, body FROM messages WHERE org = @owner AND hash = @bytes", new { owner, bytes })?.ToMessage()
            : null;
    }

    public static IReadOnlyList<string> Chain(IReadConnections connections, string org, string leaf)
    {
        using var connection = connections.Open();
        return connections.Org(connection.Db, org) is { } owner && Bytes(leaf) is { } bytes
            ? [.. connection.Db.Query<byte[]>(
                """
                WITH RECURSIVE chain (hash, parent_hash, steps) AS (
                  SELECT hash, parent_hash, 0 FROM message_steps WHERE org = @owner AND hash = @bytes
                  UNION ALL
                  SELECT m.hash, m.parent_hash, c.steps + 1 FROM chain c JOIN message_steps m ON m.org = @owner AND m.hash = c.parent_hash
                )
                SELECT hash FROM chain ORDER BY steps DESC
                """,
                new { owner, bytes }).Select(Convert.ToHexStringLower)]
            : [];
    }

    public static string? NotHeld(IReadConnections connections, string org, string first)
    {
        using var connection = connections.Open();
        return connections.Org(connection.Db, org) is { } owner && Bytes(first) is { } bytes
            ? connection.Db.QueryFirstOrDefault<string?>("SELECT continues FROM message_steps WHERE org = @owner AND hash = @bytes AND parent_hash IS NULL", new { owner, bytes })
            : null;
    }

    public static IReadOnlyList<DeadLetter> DeadLetters(IReadConnections connections, string org, string? key)
    {
        using var connection = connections.Open();
        var condition = key is null ? "" : " AND (commit_key = @key OR exchange_id = @key)";
        return [.. connection.Db.Query<LetterRow>(
            $"SELECT * FROM dead_letters WHERE org_id = @org AND code <> @replaced{condition} ORDER BY letter", new { org, key, replaced = StoreFault.Replaced }).Select(row => row.ToLetter())];
    }

    private static byte[]? Bytes(string hash) => hash.Length == HashHexLength && hash.All(char.IsAsciiHexDigit) ? Convert.FromHexString(hash) : null;

    private sealed class LetterRow
    {
        public long Letter { get; init; }
        public string OrgId { get; init; } = "";
        public string CommitKey { get; init; } = "";
        public string ExchangeId { get; init; } = "";
        public string Code { get; init; } = "";
        public string Message { get; init; } = "";
        public Guid? BodyJournal { get; init; }
        public long? BodySegment { get; init; }
        public long? BodyOffset { get; init; }
        public long? BodySequence { get; init; }
        public long At { get; init; }

        public DeadLetter ToLetter() => new(
            Letter,
            OrgId,
            CommitKey,
            ExchangeId.Length == 0 ? null : ExchangeId,
            Code,
            Message,
            new JournalPosition(BodyJournal ?? default, BodySegment ?? 0, BodyOffset ?? 0, BodySequence ?? 0),
            Microseconds.ToText(At));
    }
}

/// <summary>A message as its rows hold it.</summary>
internal sealed class MessageRow
{
    public byte[] Hash { get; init; } = [];
    public byte[]? ParentHash { get; init; }
    public long Depth { get; init; }
    public string Role { get; init; } = "";
    public byte[] Body { get; init; } = [];
    public long? CarriedAt { get; init; }
    public Guid? CarriedBy { get; init; }

    /// <summary>The session's first exchange that carried it; null where no session is asked about.</summary>
    public CaptureClock? Carried => this is { CarriedAt: { } at, CarriedBy: { } by } ? new CaptureClock(at, by) : null;

    public ConversationMessage ToMessage()
    {
        using var body = JsonDocument.Parse(Body);
        return new ConversationMessage(Convert.ToHexStringLower(Hash), (int)Depth, Role, body.RootElement.Clone());
    }
}
