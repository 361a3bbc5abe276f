using System.Text.Json;
using System.Text.Json.Serialization;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Forwarding;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.Hosting;

/// <summary>Where a running lethe really listens, ports filled in. Kept in the data directory while it runs, so that other commands find it.</summary>
/// <param name="Forwarding">Base address of the forwarding door, without a trailing slash.</param>
/// <param name="Admin">Base address of the admin listener, without a trailing slash.</param>
/// <param name="ExtProc">Address of the Envoy door; null when it is off.</param>
/// <param name="ProcessId">The process that listens.</param>
/// <param name="Upstreams">Where the forwarding door leads, by configuration; addresses without credentials.</param>
internal sealed record ListeningDoors(string Forwarding, string Admin, string? ExtProc, int ProcessId, IReadOnlyList<Upstream> Upstreams)
{
    public const string FileName = "listening.json";

    /// <summary>The lethe that runs on this data directory now; null when none does.</summary>
    public static ListeningDoors? Find(string dataDirectory)
    {
        var file = Path.Combine(dataDirectory, FileName);
        if (!DataDirectory.IsHeld(dataDirectory) || !File.Exists(file))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), ListeningDoorsJson.Default.ListeningDoors);
        }
        catch (Exception fault) when (fault is IOException or JsonException)
        {
            // The other process is just starting or stopping: as good as not there.
            return null;
        }
    }

    public void Write(string dataDirectory)
    {
        using var file = DataDirectory.Create(dataDirectory, FileName);
        JsonSerializer.Serialize(file, this, ListeningDoorsJson.Default.ListeningDoors);
    }

    public static void Remove(string dataDirectory)
    {
        try
        {
            File.Delete(Path.Combine(dataDirectory, FileName));
        }
        catch (DirectoryNotFoundException)
        {
            // Somebody removed the directory, and the file with it.
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(ListeningDoors))]
internal sealed partial class ListeningDoorsJson : JsonSerializerContext;
