using System.Text.Json;

namespace Lethe.Proxy.Recording;

/// <summary>What <c>lethe verify</c> found when it was last run over a data directory; kept in it.</summary>
/// <param name="Faults">0 where all was fine.</param>
/// <param name="Parity">True where the journal was compared with the store row by row.</param>
public sealed record LastVerify(DateTimeOffset At, long Faults, bool Parity)
{
    private const string Name = "verified.json";
    private const int FileBytesMax = 4096;

    /// <summary>Null where it never ran, or what it left cannot be read.</summary>
    public static LastVerify? Of(string dataDirectory)
    {
        try
        {
            var file = new FileInfo(Path.Combine(dataDirectory, Name));
            return file is { Exists: true, Length: <= FileBytesMax } ? JsonSerializer.Deserialize<LastVerify>(File.ReadAllBytes(file.FullName)) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            // It may be written at this moment; nothing depends on it.
            return null;
        }
    }

    /// <exception cref="IOException">The directory cannot be written.</exception>
    public void Keep(string dataDirectory)
    {
        using var file = DataDirectory.Create(dataDirectory, Name);
        JsonSerializer.Serialize(file, this);
    }
}
