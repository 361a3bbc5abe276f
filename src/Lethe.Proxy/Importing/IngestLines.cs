using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Lethe.Proxy.IngestApi;

namespace Lethe.Proxy.Importing;

/// <summary>
/// A file of lethe's turn events or of tapes' payloads, which the ingest door reads line by line itself. A payload that brings no key of its own gets one made
/// of its content, so that the same file can be given twice.
/// </summary>
internal static class IngestLines
{
    public static async IAsyncEnumerable<ImportItem> ReadAsync(string path, [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var line in FileLines.ReadAsync(path, cancel))
        {
            yield return line.Bytes is { } bytes ? ImportItem.Of(line.Number, Keyed(bytes)) : ImportItem.Faulty(line.Number, ImportItem.TooLarge);
        }
    }

    private static byte[] Keyed(byte[] line)
    {
        using var document = Fields.Parse(line);
        if (document?.RootElement is not { } payload || payload.Field("request") is null || payload.Field("commit_key") is not null
            || (payload.Field("meta") is { ValueKind: JsonValueKind.Object } meta && meta.Field("request_id") is not null))
        {
            // What else is wrong with it the door says.
            return line;
        }

        try
        {
            var keyed = JsonNode.Parse(line)!.AsObject();
            keyed["commit_key"] = RetoldCall.KeyOf(["tapes", Convert.ToHexStringLower(SHA256.HashData(line))]);
            return Encoding.UTF8.GetBytes(keyed.ToJsonString());
        }
        catch (Exception malformed) when (malformed is ArgumentException or InvalidOperationException)
        {
            // A name stands twice: the door tells what it makes of that.
            return line;
        }
    }
}
