using System.Text.Json;

namespace Lethe.Proxy.Access;

/// <summary>
/// The tokens of a data directory: <c>tokens.json</c>, 0600, without their secrets. It is replaced as a whole, so that whoever reads it, a running lethe
/// too, reads all of it; whoever changes it holds <c>tokens.lock</c> meanwhile.
/// </summary>
internal sealed class TokenFile(string dataDirectory, TimeProvider time)
{
    private const string Name = "tokens.json";
    private const string LockName = "tokens.lock";

    private static readonly TimeSpan LockWaitMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(20);

    private readonly string path = Path.Combine(dataDirectory, Name);

    /// <summary>Changes whenever the file does.</summary>
    public (DateTime Written, long Bytes) Version => new FileInfo(path) is { Exists: true } file ? (file.LastWriteTimeUtc, file.Length) : default;

    /// <summary>All of them, oldest first, the expired ones too; none where there is no file.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file is another's.</exception>
    /// <exception cref="InvalidDataException">The file is not one of ours.</exception>
    public IReadOnlyList<StoredToken> Read()
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), StoredTokenJson.Default.IReadOnlyListStoredToken) ?? [];
        }
        catch (FileNotFoundException)
        {
            return [];
        }
        catch (JsonException fault)
        {
            throw new InvalidDataException($"{path} is no list of tokens: {fault.Message}", fault);
        }
    }

    /// <summary>Keeps a new token, and gives out its text, which is nowhere afterwards.</summary>
    /// <param name="lifetime">Null for a token that does not expire.</param>
    /// <exception cref="IOException">The file cannot be read or written, or somebody else holds its lock for long.</exception>
    public async Task<(StoredToken Stored, BearerToken Text)> CreateAsync(string org, string? subject, IReadOnlyList<string> scopes, TimeSpan? lifetime)
    {
        var text = BearerToken.Create();
        var now = time.GetUtcNow();
        var stored = new StoredToken(text.Id, text.SecretSha256, org, subject, scopes, now, now + lifetime);
        using var held = await LockAsync();
        Write([.. Read(), stored]);
        return (stored, text);
    }

    /// <summary>False when there is no such token.</summary>
    /// <exception cref="IOException">The file cannot be read or written, or somebody else holds its lock for long.</exception>
    public async Task<bool> RevokeAsync(string id)
    {
        using var held = await LockAsync();
        var tokens = Read();
        var left = tokens.Where(token => token.Id != id).ToArray();
        if (left.Length == tokens.Count)
        {
            return false;
        }

        Write(left);
        return true;
    }

    private void Write(IReadOnlyList<StoredToken> tokens)
    {
        var unfinished = path + ".new";
        using (var file = OpenPrivate(unfinished, FileMode.Create, FileShare.None))
        {
            JsonSerializer.Serialize(file, tokens, StoredTokenJson.Default.IReadOnlyListStoredToken);
            file.Flush(flushToDisk: true);
        }

        File.Move(unfinished, path, overwrite: true);
    }

    private async Task<FileStream> LockAsync()
    {
        var waitedSince = time.GetTimestamp();
        while (true)
        {
            try
            {
                return OpenPrivate(Path.Combine(dataDirectory, LockName), FileMode.OpenOrCreate, FileShare.None);
            }
            catch (IOException fault) when (fault is not (DirectoryNotFoundException or FileNotFoundException) && time.GetElapsedTime(waitedSince) < LockWaitMax)
            {
                await Task.Delay(LockPoll, time);
            }
        }
    }

    private static FileStream OpenPrivate(string file, FileMode mode, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(file, options);
    }
}
