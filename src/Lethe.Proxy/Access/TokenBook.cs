using System.Security.Cryptography;
using System.Text;

namespace Lethe.Proxy.Access;

/// <summary>The tokens that a running lethe knows: those of the file as it is now, so that what is created or revoked beside it counts at once.</summary>
internal sealed class TokenBook(TokenFile file, TimeProvider time, ILogger<TokenBook> logger)
{
    private static readonly string NobodysHash = new('0', 64);

    private readonly Lock gate = new();
    private (DateTime, long) version;
    private Dictionary<string, StoredToken> tokens = [];

    /// <summary>True while no token could be shown, for there is none.</summary>
    public bool IsEmpty => Current().Count == 0;

    /// <summary>
    /// Whose token this is; null for one that is unknown, revoked, expired or misspelt. How long that takes tells nothing of the secret.
    /// </summary>
    public Caller? Find(string text)
    {
        if (!BearerToken.TryParse(text, out var shown))
        {
            return null;
        }

        var stored = Current().GetValueOrDefault(shown.Id);
        var isRight = CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(shown.SecretSha256),
            Encoding.ASCII.GetBytes(stored?.SecretSha256 ?? NobodysHash));
        return isRight && stored is not null && !(stored.ExpiresAt <= time.GetUtcNow())
            ? new Caller(stored.Org, stored.Subject, stored.Scopes)
            : null;
    }

    private Dictionary<string, StoredToken> Current()
    {
        lock (gate)
        {
            var now = file.Version;
            if (now != version)
            {
                version = now;
                tokens = Read();
            }

            return tokens;
        }
    }

    // A file that cannot be read lets nobody in.
    private Dictionary<string, StoredToken> Read()
    {
        try
        {
            return file.Read().ToDictionary(token => token.Id, StringComparer.Ordinal);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException)
        {
            Log.TokensUnreadable(logger, fault.Message);
            return [];
        }
    }
}
