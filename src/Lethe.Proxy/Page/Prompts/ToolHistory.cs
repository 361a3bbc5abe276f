using System.Text.Json;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Reading;

namespace Lethe.Proxy.Page.Prompts;

/// <summary>One tool: how it was used, and how it was described to the models.</summary>
public sealed record ToolHistory(ToolDocument Tool, string Range, IReadOnlyList<ToolDefinition> Definitions)
{
    private const int ListsMax = 200;

    private static readonly JsonDocumentOptions AnyDepth = new() { MaxDepth = 256 };

    public string Json => $"/v1/tools/use?name={Uri.EscapeDataString(Tool.Name)}&since={Range}";

    internal static ToolHistory Read(StoreReader reader, string org, string name, string range, DateTimeOffset now)
    {
        var since = TimeText.TryParse(range, now, out var from) ? from : (DateTimeOffset?)null;
        return new ToolHistory(ToolDocument.Of(reader, org, name, since, null), range, [.. Described(reader, org, name, since)]);
    }

    // Lists of tools hold it among others: those in which it is the same are one version of it.
    private static IEnumerable<ToolDefinition> Described(StoreReader reader, string org, string name, DateTimeOffset? since) =>
        PromptVersion.Of(reader, org, PromptPart.Tools, since, null).Where(version => version.Names.Contains(name)).Take(ListsMax)
            .Select(version => (Version: version, Text: reader.Blob(org, version.Hash) is { } list ? Of(list, name) : null))
            .Where(one => one.Text is not null)
            .GroupBy(one => (one.Version.HarnessId, one.Text))
            .Select(same => new ToolDefinition(
                same.Key.HarnessId, same.Key.Text!, same.Min(one => one.Version.FirstSeenAt), same.Max(one => one.Version.LastSeenAt), same.Sum(one => one.Version.Calls)))
            .OrderBy(definition => definition.HarnessId, StringComparer.Ordinal).ThenByDescending(definition => definition.LastSeenAt);

    private static string? Of(byte[] list, string name)
    {
        using var document = JsonDocument.Parse(list, AnyDepth);
        return document.RootElement.ValueKind == JsonValueKind.Array
            ? document.RootElement.EnumerateArray().Where(part => PromptWords.NameOf(part) == name).Select(PromptWords.Laying).FirstOrDefault()
            : null;
    }
}

/// <summary>A tool as a harness described it for some time.</summary>
/// <param name="Text">JSON, laid out.</param>
/// <param name="Calls">Model calls whose list had it so.</param>
public sealed record ToolDefinition(string HarnessId, string Text, DateTimeOffset FirstSeenAt, DateTimeOffset LastSeenAt, long Calls);
