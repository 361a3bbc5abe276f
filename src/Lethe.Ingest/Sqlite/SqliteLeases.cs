using Lethe.Ingest.Meaning;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Sqlite;

/// <summary>The rights to do what one at a time does. Each call takes part in the caller's transaction.</summary>
internal sealed class SqliteLeases(SqliteConnection connection) : IDisposable
{
    private readonly Prepared take = new(
        connection,
        """
        INSERT INTO leases (name, owner, token, fencing, claimed_at, expires_at) VALUES (?1, ?2, ?3, 1, ?4, ?5)
        ON CONFLICT DO UPDATE SET owner = excluded.owner, token = excluded.token, fencing = fencing + 1, claimed_at = excluded.claimed_at, expires_at = excluded.expires_at
        WHERE leases.expires_at <= excluded.claimed_at OR leases.owner = excluded.owner
        RETURNING fencing
        """);

    private readonly Prepared renew = new(connection, "UPDATE leases SET expires_at = ?3 WHERE name = ?1 AND token = ?2 AND fencing = ?4");
    private readonly Prepared release = new(connection, "UPDATE leases SET expires_at = 0 WHERE name = ?1 AND token = ?2");
    private readonly Prepared held = new(connection, "SELECT fencing FROM leases WHERE name = ?1 AND token = ?2");

    public Lease? TryLease(string name, string owner, Guid token, DateTimeOffset now, TimeSpan duration, Lease? held)
    {
        var expires = now + duration;
        if (held is not null)
        {
            return renew.Run(name, held.Token.Bytes(), Microseconds.Of(expires), held.Fencing) == 1 ? held with { ExpiresAt = expires } : null;
        }

        return take.Number(name, owner, token.Bytes(), Microseconds.Of(now), Microseconds.Of(expires)) is { } fencing
            ? new Lease(name, owner, token, fencing, expires)
            : null;
    }

    public void Release(Lease lease) => release.Run(lease.Name, lease.Token.Bytes());

    /// <exception cref="LeaseLostException"/>
    public void Require(Lease lease)
    {
        if (held.Number(lease.Name, lease.Token.Bytes()) != lease.Fencing)
        {
            throw new LeaseLostException($"The lease «{lease.Name}» of {lease.Owner} (fencing {lease.Fencing}) was taken by another.");
        }
    }

    public void Dispose()
    {
        Prepared[] all = [take, renew, release, held];
        Array.ForEach(all, one => one.Dispose());
    }
}
