using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Reading;

/// <summary>A system prompt, or a list of tools, as a harness has sent it for some time. Texts that differ in volatile lines alone are one version.</summary>
/// <param name="Hash">Of the text that was sent last, 64 hex: <c>/v1/blobs/{hash}</c>.</param>
/// <param name="Hashes">Of all texts that are this version, the last sent first.</param>
/// <param name="Bytes">Of the text that was sent last, as canonical JSON.</param>
/// <param name="Names">What its tools are called; empty for a system prompt.</param>
public sealed record PromptVersion(
    string HarnessId,
    string Hash,
    IReadOnlyList<string> Hashes,
    IReadOnlyList<string> HarnessVersions,
    DateTimeOffset FirstSeenAt,
    DateTimeOffset LastSeenAt,
    long Calls,
    long Sessions,
    long Bytes,
    IReadOnlyList<string> Names)
{
    /// <summary>Texts that are read to be told apart; each of the older ones is a version by itself.</summary>
    private const int TextsMax = 1000;

    private static readonly JsonDocumentOptions AnyDepth = new() { MaxDepth = 256 };

    /// <summary>The last used first.</summary>
    public static IReadOnlyList<PromptVersion> Of(StoreReader reader, string org, PromptPart part, DateTimeOffset? since, string? harnessId)
    {
        var uses = reader.PromptUses(org, part, since, harnessId);
        var texts = uses.Select(use => use.Hash).Distinct().Take(TextsMax).ToDictionary(hash => hash, hash => reader.Blob(org, hash));
        return
        [
            .. uses.GroupBy(use => (use.HarnessId, Version: part == PromptPart.System ? KeyOf(use.Hash, texts.GetValueOrDefault(use.Hash)) : use.Hash))
                .Select(same => Of(part, [.. same], texts.GetValueOrDefault(same.First().Hash)))
                .OrderByDescending(version => version.LastSeenAt).ThenBy(version => version.Hash, StringComparer.Ordinal),
        ];
    }

    /// <summary>A place in the list.</summary>
    public string Cursor() => string.Create(CultureInfo.InvariantCulture, $"{LastSeenAt.UtcTicks}.{HarnessId}.{Hash}");

    private static PromptVersion Of(PromptPart part, List<PromptUse> uses, byte[]? text) => new(
        uses[0].HarnessId,
        uses[0].Hash,
        [.. uses.Select(use => use.Hash).Distinct()],
        [.. uses.Select(use => use.HarnessVersion).Where(version => version.Length > 0).Distinct()],
        uses.Min(use => use.FirstSeenAt),
        uses.Max(use => use.LastSeenAt),
        uses.Sum(use => use.Calls),
        uses.SelectMany(use => use.Sessions).Distinct().Count(),
        text?.Length ?? 0,
        part == PromptPart.Tools && text is not null ? Named(text) : []);

    private static string KeyOf(string hash, byte[]? text) =>
        text is null ? hash : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', VolatileLine.Lines(PromptWords.Of(text)).Select(line => line.IsVolatile ? "" : line.Text)))));

    private static IReadOnlyList<string> Named(byte[] tools)
    {
        using var document = JsonDocument.Parse(tools, AnyDepth);
        return document.RootElement.ValueKind == JsonValueKind.Array ? [.. document.RootElement.EnumerateArray().Select(PromptWords.NameOf).OfType<string>()] : [];
    }
}
