namespace Lethe.Proxy.Configuration;

/// <summary>Where the store lives when nobody says: the XDG data home (XDG Base Directory Specification 0.8).</summary>
internal static class DataHome
{
    public static string Default => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_DATA_HOME") is { Length: > 0 } data
            ? data
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "share"),
        "lethe");
}
