namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>Recordings that lie beside the checkout on some machines, and are no part of the project.</summary>
internal static class SharedFixtures
{
    public static string? Find(string name) => Shared("fixtures", "README.md") is { } folder && Directory.Exists(Path.Combine(folder, name)) ? Path.Combine(folder, name) : null;

    public static string? FindEnvoy() => Shared(Path.Combine("tools", "envoy"), "envoy.xz") is { } folder ? Path.Combine(folder, "envoy.xz") : null;

    private static string? Shared(string folder, string marker)
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            var found = Path.Combine(at.FullName, "shared", folder);
            if (File.Exists(Path.Combine(found, marker)))
            {
                return found;
            }
        }

        return null;
    }
}
