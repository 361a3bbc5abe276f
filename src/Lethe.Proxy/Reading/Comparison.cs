using System.Text.Json;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>A part of a prompt that is not the same in both calls.</summary>
/// <param name="Change"><c>new</c>, <c>gone</c>, <c>changed</c> or <c>moved</c>.</param>
/// <param name="Index">Its place in the later call; in the earlier one where it is gone.</param>
/// <param name="Before">As it was, JSON; null where it was not.</param>
/// <param name="Now">As it is, JSON; null where it is not.</param>
public sealed record PartChange(string Change, int Index, string? Name, string? Before, string? Now);

/// <summary>A list that is cached in its order: how many are the same in their place, and what is not.</summary>
public sealed record ListChange(int Equal, IReadOnlyList<PartChange> Changes);

/// <summary>
/// Two calls, part by part, in the order in which a prompt is cached: tools, system prompt, messages. <see cref="Messages"/> with each call's answer at their end.
/// </summary>
/// <param name="A">The earlier call's exchange id.</param>
/// <param name="Cache">The later call's verdict, where <paramref name="A"/> is the call whose cache it was to use; else null, for then none of it is a reason.</param>
/// <param name="ModelBefore">Null where it is the same.</param>
public sealed record Comparison(string A, string B, CacheRecord? Cache, string? ModelBefore, string? ModelNow, ListChange Tools, ListChange System, ListChange Messages)
{
    /// <summary>Messages that are told one by one; more are counted.</summary>
    public const int MessagesMax = 100;

    private static readonly JsonDocumentOptions AnyDepth = new() { MaxDepth = 256 };

    public static Comparison Of(StoreReader reader, string org, ExchangeRecord a, ExchangeRecord b)
    {
        var (before, now) = (a.ModelServed ?? a.ModelRequested, b.ModelServed ?? b.ModelRequested);
        return new Comparison(
            a.ExchangeId,
            b.ExchangeId,
            b.Cache?.ComparedWith == a.ExchangeId ? b.Cache : null,
            before == now ? null : before,
            before == now ? null : now,
            Lists(Blob(reader, org, a.Chain?.Tools), Blob(reader, org, b.Chain?.Tools)),
            Lists(Blob(reader, org, a.Chain?.System), Blob(reader, org, b.Chain?.System)),
            Chains(reader, org, a.Chain?.Leaf, b.Chain?.Leaf));
    }

    // By what they are called, else by what they say: an element that only stands elsewhere has moved.
    private static ListChange Lists(IReadOnlyList<(string? Name, string Json)> before, IReadOnlyList<(string? Name, string Json)> now)
    {
        var changes = new List<PartChange>();
        var equal = 0;
        for (var at = 0; at < now.Count; at++)
        {
            var part = now[at];
            if (at < before.Count && before[at].Json == part.Json)
            {
                equal++;
                continue;
            }

            var there = before.FirstOrDefault(other => part.Name is null ? other.Json == part.Json : other.Name == part.Name).Json;
            there ??= part.Name is null && at < before.Count && before[at].Name is null && now.All(other => other.Json != before[at].Json) ? before[at].Json : null;
            changes.Add(new PartChange(there is null ? "new" : there == part.Json ? "moved" : "changed", at, part.Name, there == part.Json ? null : there, there == part.Json ? null : part.Json));
        }

        var told = changes.Where(change => change.Change == "changed").Select(change => change.Before).ToHashSet();
        for (var at = 0; at < before.Count; at++)
        {
            var part = before[at];
            if (!told.Contains(part.Json) && now.All(other => part.Name is null ? other.Json != part.Json : other.Name != part.Name))
            {
                changes.Add(new PartChange("gone", at, part.Name, part.Json, null));
            }
        }

        return new ListChange(equal, changes);
    }

    // A message's address holds all that was before it: behind the first that differs, nothing is shared.
    private static ListChange Chains(StoreReader reader, string org, string? before, string? now)
    {
        var (there, here) = (before is null ? [] : reader.Chain(org, before), now is null ? [] : reader.Chain(org, now));
        var shared = there.Zip(here).TakeWhile(pair => pair.First == pair.Second).Count();
        return new ListChange(shared, [.. Told(there, "gone").Concat(Told(here, "new"))]);

        IEnumerable<PartChange> Told(IReadOnlyList<string> chain, string change) => chain.Skip(shared).Take(MessagesMax).Select((hash, at) =>
        {
            var message = reader.Message(org, hash);
            var body = message?.Body.GetRawText();
            return new PartChange(change, shared + at, message?.Role, change == "gone" ? body : null, change == "new" ? body : null);
        });
    }

    private static IReadOnlyList<(string? Name, string Json)> Blob(StoreReader reader, string org, string? hash)
    {
        if (hash is null || reader.Blob(org, hash) is not { } json)
        {
            return [];
        }

        using var document = JsonDocument.Parse(json, AnyDepth);
        return document.RootElement.ValueKind == JsonValueKind.Array
            ? [.. document.RootElement.EnumerateArray().Select(part => (NameOf(part), part.GetRawText()))]
            : [(null, document.RootElement.GetRawText())];
    }

    private static string? NameOf(JsonElement part) =>
        part.ValueKind != JsonValueKind.Object ? null
        : part.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String ? JsonWord.Text(name)
        : part.TryGetProperty("function", out var function) && function.ValueKind == JsonValueKind.Object && function.TryGetProperty("name", out var inner) && inner.ValueKind == JsonValueKind.String ? JsonWord.Text(inner)
        : null;
}
