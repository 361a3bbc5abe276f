namespace Lethe.Proxy.Configuration;

/// <summary>The mode of a Unix socket, as it is configured.</summary>
internal static class SocketMode
{
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Three octal digits, as chmod takes them.</summary>
    public static bool TryParse(string text, out UnixFileMode mode)
    {
        mode = 0;
        if (text.Length != 3 || text.AsSpan().ContainsAnyExceptInRange('0', '7'))
        {
            return false;
        }

        mode = (UnixFileMode)Convert.ToInt32(text, 8);
        return true;
    }
}
