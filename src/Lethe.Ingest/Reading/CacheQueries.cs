using System.Data.Common;
using System.Text.Json;
using Dapper;

namespace Lethe.Ingest.Reading;

/// <summary>The calls whose caches others were to use, and how their prompts differ. Only where something was missed are prompts compared.</summary>
internal sealed class CacheQueries(IReadConnections connections, DbConnection db, DbTransaction? snapshot, object owner)
{
    /// <summary>How far a prompt is gone back to find an answer that it goes on from; farther back the call before it in its session counts.</summary>
    private const int StepsMax = 32;

    /// <summary>Microseconds. No vendor keeps a prompt for so long; an answer from before that explains no miss, and months that lie farther back are not looked at.</summary>
    private const long Reach = 32L * 24 * 60 * 60 * 1_000_000;

    // How the dialects name a block with a picture.
    private static readonly byte[][] Images = ["\"type\":\"image"u8.ToArray(), "\"type\":\"input_image"u8.ToArray(), "\"inlineData\":"u8.ToArray(), "\"image\":{"u8.ToArray()];

    private const string BillingLine = "\"x-anthropic-billing-header:";

    private static readonly JsonDocumentOptions AnyDepth = new() { MaxDepth = 256 };

    public Dictionary<Guid, CacheRecord> Of(IReadOnlyList<ExchangeRow> askedFor)
    {
        List<Guid> calls = [.. askedFor.Select(row => row.ExchangeId)];
        var (from, until) = (askedFor.Min(row => row.CapturedAt), askedFor.Max(row => row.CapturedAt));
        var before = Ancestors(calls, from, until);
        var known = before.Keys.ToHashSet();
        foreach (var (call, earlier) in Earlier([.. calls.Where(call => !known.Contains(call))]))
        {
            before[call] = earlier;
        }

        var rows = Rows([.. calls.Concat(before.Values).Distinct()], before.Count == known.Count ? from - Reach : 0, until);
        var verdicts = new Dictionary<Guid, CacheRecord>();
        foreach (var id in calls.Where(rows.ContainsKey))
        {
            var call = rows[id];
            var earlier = before.TryGetValue(id, out var found) ? rows.GetValueOrDefault(found) : null;
            verdicts[id] = CacheVerdict.Of(call, earlier, CacheVerdict.IsMissed(call, earlier) ? Difference(call, earlier!, known.Contains(id)) : null);
        }

        return verdicts;
    }

    // The nearest earlier answer of the same model that the prompt goes on from. Each call is gone back message by message and no farther than to that answer. The
    // lookups are subqueries, for a planner that takes them for joins reads every message of the store. NULLIF is a NULL of the id's type.
    private Dictionary<Guid, Guid> Ancestors(IReadOnlyList<Guid> calls, long from, long until) => Ask<EarlierCall>(
        $"""
        WITH RECURSIVE back (call_id, captured_at, model, node, steps, before_id) AS (
          SELECT c.exchange_id, c.captured_at, c.model, (SELECT m.parent_hash FROM message_steps m WHERE m.org = @owner AND m.hash = c.leaf_hash), 1,
            NULLIF(c.exchange_id, c.exchange_id)
          FROM cached_calls c
          WHERE c.org = @owner AND {connections.IsAmong("c.exchange_id", "ids")} AND c.captured_at >= @from AND c.captured_at <= @until
          UNION ALL
          SELECT b.call_id, b.captured_at, b.model, (SELECT m.parent_hash FROM message_steps m WHERE m.org = @owner AND m.hash = b.node), b.steps + 1, (
            SELECT a.exchange_id FROM answers_by_leaf a
            WHERE a.org = @owner AND a.leaf_hash = b.node AND a.model = b.model AND a.input IS NOT NULL
              AND a.captured_at < b.captured_at AND a.captured_at >= b.captured_at - {Reach}
              AND a.captured_at <= @until AND a.captured_at >= @from - {Reach}
            ORDER BY a.captured_at DESC, a.exchange_id DESC
            LIMIT 1)
          FROM back b
          WHERE b.before_id IS NULL AND b.node IS NOT NULL AND b.steps <= {StepsMax}
        )
        SELECT call_id AS exchange_id, before_id FROM back WHERE before_id IS NOT NULL
        """,
        calls,
        from,
        until)
        .ToDictionary(found => found.ExchangeId, found => found.BeforeId!.Value);

    private IEnumerable<(Guid Call, Guid Before)> Earlier(IReadOnlyList<Guid> calls) => Ask<EarlierCall>(
        $"SELECT exchange_id, before_id FROM calls_before WHERE org = @owner AND {connections.IsAmong("exchange_id", "ids")}", calls)
        .Where(found => found.BeforeId is not null)
        .Select(found => (found.ExchangeId, found.BeforeId!.Value));

    private Dictionary<Guid, CachedCall> Rows(IReadOnlyList<Guid> calls, long from, long until) => Ask<CachedCall>(
        $"SELECT * FROM cached_calls WHERE org = @owner AND {connections.IsAmong("exchange_id", "ids")} AND captured_at >= @from AND captured_at <= @until", calls, from, until)
        .ToDictionary(row => row.ExchangeId);

    private List<T> Ask<T>(string sql, IReadOnlyList<Guid> calls, long from = 0, long until = 0)
    {
        if (calls.Count == 0)
        {
            return [];
        }

        var parameters = new DynamicParameters();
        parameters.Add("owner", owner);
        parameters.Add("ids", connections.ExchangeIds(calls));
        parameters.Add("from", from);
        parameters.Add("until", until);
        return db.Query<T>(sql, parameters, snapshot).AsList();
    }

    private PromptDifference Difference(CachedCall call, CachedCall before, bool goesOn)
    {
        var (tools, system) = (Parted(before.ToolsHash, call.ToolsHash, "tools"), Parted(before.SystemHash, call.SystemHash, "system"));
        var (shared, last) = goesOn ? ((int)(before.PromptLength ?? 0), before.LeafHash) : Shared(before, call);
        var isSame = tools is null && system is null && shared >= before.PromptLength;
        return new PromptDifference(tools, system, shared, !goesOn && IsCompacted(call, before), isSame && HasImages(call, last ?? []));
    }

    // Pictures anywhere in a prompt are a part of what the cache of its messages depends on. Its messages are counted from its end, for those of an answer that it
    // only names have depths of their own.
    private bool HasImages(CachedCall call, byte[] behind) => db.Query<byte[]>(
        """
        WITH RECURSIVE chain (hash, parent_hash, depth, steps) AS (
          SELECT hash, parent_hash, depth, 0 FROM message_steps WHERE org = @owner AND hash = @LeafHash
          UNION ALL
          SELECT m.hash, m.parent_hash, m.depth, c.steps + 1 FROM chain c JOIN message_steps m ON m.org = @owner AND m.hash = c.parent_hash WHERE c.hash <> @behind
        )
        SELECT m.body FROM chain c JOIN messages m ON m.org = @owner AND m.hash = c.hash
        WHERE c.hash <> @behind AND c.steps > (SELECT leaf.depth FROM chain leaf WHERE leaf.steps = 0) - @PromptLength
        """,
        new { owner, call.LeafHash, call.PromptLength, behind },
        snapshot)
        .Any(body => Array.Exists(Images, image => body.AsSpan().IndexOf(image) >= 0));

    private bool IsCompacted(CachedCall call, CachedCall before) => call.SessionId is { } session && db.QueryFirstOrDefault<long?>(
        $"""
        SELECT 1 FROM cached_calls
        WHERE {connections.Unsought("org")} = @owner AND session_id = @session AND captured_at >= @from AND captured_at <= @until AND request_kind = 'compaction'
        LIMIT 1
        """,
        new { owner, session = connections.SessionId(session), from = before.CapturedAt, until = call.CapturedAt },
        snapshot) is not null;

    // Of the messages that the earlier request itself holds; what it continues stands before them. And the last message that both hold.
    private (int Count, byte[]? Last) Shared(CachedCall before, CachedCall call)
    {
        var (there, here) = (Chain(before.LeafHash), Chain(call.LeafHash));
        var shared = 0;
        while (shared < there.Count && shared < here.Count && there[shared].Hash.AsSpan().SequenceEqual(here[shared].Hash))
        {
            shared++;
        }

        return (there.Count == 0 ? 0 : Math.Max(0, shared - (there.Count - 1 - (int)there[^1].Depth)), shared == 0 ? null : here[shared - 1].Hash);
    }

    private List<MessageStep> Chain(byte[]? leaf) => leaf is null ? [] : db.Query<MessageStep>(
        """
        WITH RECURSIVE chain (hash, parent_hash, depth, steps) AS (
          SELECT hash, parent_hash, depth, 0 FROM message_steps WHERE org = @owner AND hash = @leaf
          UNION ALL
          SELECT m.hash, m.parent_hash, m.depth, c.steps + 1 FROM chain c JOIN message_steps m ON m.org = @owner AND m.hash = c.parent_hash
        )
        SELECT hash, depth FROM chain ORDER BY steps DESC
        """,
        new { owner, leaf },
        snapshot).AsList();

    // The first element that differs, with its name where it has one.
    private string? Parted(byte[]? before, byte[]? call, string scope)
    {
        if (before.AsSpan().SequenceEqual(call))
        {
            return null;
        }

        using var there = Blob(before);
        using var here = Blob(call);
        try
        {
            return IsList(there) || IsList(here) ? Parted(Elements(there), Elements(here), scope) : scope;
        }
        catch (InvalidOperationException)
        {
            // A name holds half of a surrogate pair, which System.Text.Json refuses to compare.
            return scope;
        }
    }

    // One text is a list of one text; a mark that stands as an element of its own is none.
    private static JsonElement[] Elements(JsonDocument? document) => document is null ? []
        : IsList(document) ? [.. document.RootElement.EnumerateArray().Where(element => element.ValueKind != JsonValueKind.Object || !element.TryGetProperty("cachePoint"u8, out _))]
        : [document.RootElement];

    private static bool IsList(JsonDocument? document) => document?.RootElement.ValueKind == JsonValueKind.Array;

    private static string? Parted(JsonElement[] old, JsonElement[] now, string scope)
    {
        for (var i = 0; i < Math.Max(old.Length, now.Length); i++)
        {
            if (i >= old.Length || i >= now.Length || !IsSame(old[i], now[i]))
            {
                var name = NameOf(i < now.Length ? now[i] : old[i]);
                return name is null ? $"{scope}[{i}]" : $"{scope}[{i}] {name}";
            }
        }

        return null;
    }

    private JsonDocument? Blob(byte[]? hash) => hash is not null
        && db.QueryFirstOrDefault<byte[]>("SELECT content FROM blobs WHERE org = @owner AND hash = @hash", new { owner, hash }, snapshot) is { } json
            ? JsonDocument.Parse(json, AnyDepth)
            : null;

    // The line in which Claude Code tells whom to bill is another one in every conversation, and is not cached. Nor are the marks themselves.
    private static bool IsSame(JsonElement old, JsonElement now) =>
        old.GetRawText() == now.GetRawText() || (TextOf(old) is { } was && TextOf(now) is { } text && (was == text || (IsBilling(was) && IsBilling(text))));

    private static bool IsBilling(string text) => text.StartsWith(BillingLine, StringComparison.Ordinal);

    private static string? TextOf(JsonElement block) => block.ValueKind == JsonValueKind.String ? block.GetRawText()
        : block.ValueKind == JsonValueKind.Object && block.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String ? text.GetRawText() : null;

    private static string? NameOf(JsonElement tool)
    {
        var named = tool.ValueKind == JsonValueKind.Object && tool.TryGetProperty("function", out var function) ? function : tool;
        return named.ValueKind == JsonValueKind.Object && named.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String ? name.GetRawText().Trim('"') : null;
    }

    private sealed class MessageStep
    {
        public byte[] Hash { get; init; } = [];
        public long Depth { get; init; }
    }

    private sealed class EarlierCall
    {
        public Guid ExchangeId { get; init; }
        public Guid? BeforeId { get; init; }
    }
}
