using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Importing;

/// <summary>
/// The lines of a file of lethe's turn events or of tapes' payloads, in pieces that the ingest door takes in one go. A payload that brings no key of its own gets
/// one made of its content, so that the same file can be given twice.
/// </summary>
internal sealed class ImportedLines(TextReader file)
{
    private const int LinesMax = 1000;
    private const int CharsMax = 4 * 1024 * 1024;

    /// <summary>The number of the first line of the piece that was read last, from 1 on.</summary>
    public long FirstLine { get; private set; } = 1;

    private long next = 1;

    /// <summary>The next piece; null at the end.</summary>
    public async Task<string?> NextAsync(CancellationToken cancel)
    {
        FirstLine = next;
        var piece = new List<string>();
        for (var chars = 0; piece.Count < LinesMax && chars < CharsMax && await file.ReadLineAsync(cancel) is { } line; chars += line.Length)
        {
            piece.Add(Keyed(line));
            next++;
        }

        return piece.Count == 0 ? null : string.Join('\n', piece);
    }

    private static string Keyed(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var payload = document.RootElement;
            if (payload.ValueKind != JsonValueKind.Object || JsonWord.Member(payload, "request") is null || JsonWord.Member(payload, "commit_key") is not null
                || (JsonWord.Member(payload, "meta") is { ValueKind: JsonValueKind.Object } meta && JsonWord.Member(meta, "request_id") is not null))
            {
                return line;
            }

            var keyed = JsonNode.Parse(line)!.AsObject();
            keyed["commit_key"] = "import:" + Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(line)));
            return keyed.ToJsonString();
        }
        catch (Exception malformed) when (malformed is JsonException or ArgumentException or InvalidOperationException)
        {
            // The door says what is wrong with it, and at which line.
            return line;
        }
    }
}
