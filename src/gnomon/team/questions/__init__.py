"""Questions: what somebody needs from somebody, until when in the working hours of who is asked, and the answer."""
